#include "broker/store/check.h"

#include <system_error>
#include <utility>

#include "broker/store/check_job.h"
#include "broker/store/commit_window.h"
#include "broker/store/index.h"
#include "broker/store/payload_files.h"

namespace brigade::broker {
namespace {

/// The next job number in a table above a number, and whether a job or a job that is being deleted has it. One read
/// of one state: a job that is forgotten meanwhile is never seen halfway.
constexpr const char* kOrphans[] = {
    "SELECT job, EXISTS(SELECT 1 FROM jobs WHERE number=t.job) OR EXISTS(SELECT 1 FROM forgotten WHERE job=t.job)"
    " FROM chunks t WHERE job>? ORDER BY job LIMIT 1",
    "SELECT job, EXISTS(SELECT 1 FROM jobs WHERE number=t.job) OR EXISTS(SELECT 1 FROM forgotten WHERE job=t.job)"
    " FROM blocks t WHERE job>? ORDER BY job LIMIT 1",
    "SELECT job, EXISTS(SELECT 1 FROM jobs WHERE number=t.job) OR EXISTS(SELECT 1 FROM forgotten WHERE job=t.job)"
    " FROM attempts t WHERE job>? ORDER BY job LIMIT 1"};

class StoreCheck {
 public:
  StoreCheck(Inspection& store, const CheckSink& sink) : store_(store), sink_(sink) {}

  CheckTotals run() {
    check_commits();
    check_database();
    check_jobs();
    for (const char* table : kOrphans) check_orphans(table);
    check_segments();
    return totals_;
  }

 private:
  void check_commits();
  void check_database();
  void check_jobs();
  void check_job(const InspectedJob& job);
  void check_orphans(const char* table);
  void check_segments();
  void damaged(const std::filesystem::path& file, std::string what);
  void damaged(const std::string& what) { damaged(index(), index().string() + " is damaged: " + what); }
  std::filesystem::path index() const { return index_file(store_.folder()); }

  Inspection& store_;
  const CheckSink& sink_;
  CheckTotals totals_;
};

void StoreCheck::damaged(const std::filesystem::path& file, std::string what) {
  ++totals_.damages;
  sink_.damage({.file = file, .job = {}, .tasks = {}, .what = std::move(what)});
}

void StoreCheck::check_commits() {
  const CommitWindow window(store_.folder());
  const auto commit = fact(store_.database(), "commit");
  if (!commit) return damaged(index(), commit.error().message);
  totals_.commits = *commit;
  if (const auto whole = window.check(*commit); !whole)
    damaged(commit_mark_file(store_.folder()), whole.error().message);
}

void StoreCheck::check_database() {
  Statement ask(store_.database(), "PRAGMA integrity_check(100)");
  Rows rows(ask);
  while (rows.next())
    if (const std::string said(rows.bytes(0)); said != "ok") damaged("SQLite says: " + said);
  if (auto error = rows.error()) damaged(index(), error->message);
}

void StoreCheck::check_jobs() {
  for (std::uint64_t last = 0;;) {
    auto job = store_.next_job(last);
    if (!job) return damaged(index(), job.error().message);
    if (!*job) return;
    check_job(**job);
    last = (*job)->number;
  }
}

void StoreCheck::check_job(const InspectedJob& job) {
  JobCheck check(store_, job);
  check.run();
  const CheckedJob& checked = check.checked();
  if (check.forgotten()) return sink_.note("job " + to_string(job.id()) + " was forgotten while it was checked");
  for (const Damage& damage : check.damages()) sink_.damage(damage);
  if (check.left_behind() > 0)
    sink_.note("the segments of job " + to_string(job.id()) + " hold " + std::to_string(check.left_behind()) +
               " bytes that nothing points to: being written now, or left by a crash; they go with the job");
  sink_.job(checked);
  ++totals_.jobs;
  totals_.tasks += checked.tasks;
  totals_.done += checked.done;
  totals_.records += checked.records;
  totals_.bytes += checked.bytes;
  totals_.damages += checked.damages;
}

void StoreCheck::check_orphans(const char* table) {
  Statement ask(store_.database(), table);
  for (std::uint64_t last = 0;;) {
    Rows rows(ask, last);
    if (!rows.next()) {
      if (auto error = rows.error()) damaged(index(), error->message);
      return;
    }
    last = rows.number(0);
    if (rows.number(1) == 0) damaged("it has rows of job number " + std::to_string(last) + ", but not that job");
  }
}

/// Files of jobs that are not there are no damage: the next broker to start deletes them.
void StoreCheck::check_segments() {
  const auto folder = segments_folder(store_.folder());
  std::error_code failed;
  for (std::filesystem::directory_iterator it(folder, failed), end; !failed && it != end; it.increment(failed)) {
    const auto name = parse_segment_name(it->path().filename().string());
    if (!name) continue;
    const auto there = store_.has_job(name->job);
    if (there && !*there)
      sink_.note(it->path().string() +
                 " belongs to no job: being deleted or just begun, or left by a crash; the next"
                 " start of a broker deletes it");
  }
  if (failed) damaged(folder, folder.string() + ": " + failed.message());
}

}  // namespace

Result<CheckTotals> check_store(const std::filesystem::path& folder, const CheckSink& sink) {
  auto store = Inspection::open(folder);
  if (!store) return store.error();
  return StoreCheck(**store, sink).run();
}

}  // namespace brigade::broker
