#include "broker/store/backup.h"

#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <string>
#include <system_error>
#include <utility>

#include "broker/store/commit_mark.h"
#include "broker/store/commit_window.h"
#include "broker/store/index.h"
#include "broker/store/inspection.h"
#include "broker/store/payload_files.h"
#include "broker/store/segment_copy.h"

namespace brigade::broker {
namespace {

namespace fs = std::filesystem;

Error cannot_write(const fs::path& file, int error_number) {
  return {ErrorCode::unavailable, trouble_with(file, error_number).reason};
}

/// Absolute, and without a slash at its end.
fs::path plain(const fs::path& path) {
  const fs::path whole = fs::absolute(path).lexically_normal();
  return whole.has_filename() ? whole : whole.parent_path();
}

Result<void> check_destination(const fs::path& to) {
  std::error_code failed;
  if (!fs::exists(to, failed) && !failed) return {};
  if (!failed && fs::is_directory(to, failed) && fs::is_empty(to, failed)) return {};
  return Error{ErrorCode::invalid, to.string() + (failed ? ": " + failed.message()
                                                         : " exists and is not empty; give a folder that is new")};
}

/// Makes what was written to a file or folder last.
Result<void> sync_path(const fs::path& path) {
  const base::Fd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!fd || ::fsync(fd.get()) != 0) return cannot_write(path, errno);
  return {};
}

/// Gone again unless it was renamed.
class PartialFolder {
 public:
  static Result<PartialFolder> make(const fs::path& to) {
    std::string name = to.string() + ".partial-XXXXXX";
    if (::mkdtemp(name.data()) == nullptr) return cannot_write(name, errno);
    return PartialFolder(name);
  }
  explicit PartialFolder(fs::path path) : path_(std::move(path)) {}
  PartialFolder(PartialFolder&& other) noexcept : path_(std::exchange(other.path_, {})) {}
  PartialFolder& operator=(PartialFolder&&) = delete;
  ~PartialFolder() {
    std::error_code ignored;  // the error that led here is the one to report
    if (!path_.empty()) fs::remove_all(path_, ignored);
  }
  const fs::path& path() const { return path_; }

  Result<void> become(const fs::path& to) {
    for (const fs::path& each : {index_file(path_), commit_mark_file(path_), segments_folder(path_), path_})
      if (auto synced = sync_path(each); !synced) return synced;
    if (::rename(path_.c_str(), to.c_str()) != 0) return cannot_write(to, errno);
    path_.clear();
    return sync_path(to.parent_path());
  }

 private:
  fs::path path_;
};

}  // namespace

Result<void> Backup::copy_index() {
  const CommitWindow window(live_.folder());
  const auto file = index_file(folder_);
  if (const base::Fd made(::open(file.c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600)); !made)
    return cannot_write(file, errno);
  auto copy = Database::open(file, Access::read_write);
  if (!copy) return Error{ErrorCode::unavailable, copy.error().message};
  if (auto copied = copy_pages(**copy); !copied) return copied;
  const auto commit = fact(**copy, "commit");
  if (!commit) return commit.error();
  taken_.commit = *commit;
  return window.check(*commit);  // who has lost commits must not become a backup that looks whole
}

Result<void> Backup::copy_pages(Database& copy) {
  sqlite3_backup* backup = sqlite3_backup_init(copy.handle(), "main", live_.database().handle(), "main");
  if (backup == nullptr) return Error{ErrorCode::unavailable, copy.trouble(sqlite3_errcode(copy.handle())).reason};
  const int stepped = sqlite3_backup_step(backup, -1);
  const int finished = sqlite3_backup_finish(backup);
  if (stepped == SQLITE_DONE && finished == SQLITE_OK) return {};
  return Error{(finished & 0xFF) == SQLITE_CORRUPT ? ErrorCode::storage : ErrorCode::unavailable,
               "copying " + live_.database().file().string() + " to " + copy.trouble(finished).reason};
}

Result<void> Backup::copy_records() {
  if (::mkdir(segments_folder(folder_).c_str(), 0700) != 0) return cannot_write(segments_folder(folder_), errno);
  auto copy = Inspection::open(folder_, live_.folder());
  if (!copy) return copy.error();
  for (std::uint64_t last = 0;;) {
    auto job = (*copy)->next_job(last);
    if (!job) return job.error();
    if (!*job) return {};
    last = (*job)->number;
    if (!(*job)->damages.empty()) return Error{ErrorCode::storage, (*job)->damages.front().what};
    const auto copied = copy_job(**copy, **job);
    if (!copied) return copied.error();
    taken_.jobs += *copied ? 1 : 0;
  }
}

/// False: it was forgotten meanwhile.
Result<bool> Backup::copy_job(Inspection& copy, const InspectedJob& job) {
  const BackupTaken before = taken_;
  SegmentCopy segments(segments_folder(folder_), job.number);
  auto copied = copy_table(copy, job.number, true, segments);
  if (copied) copied = copy_table(copy, job.number, false, segments);
  if (copied) copied = segments.end();
  copy.close(job.number);
  if (copied) return true;
  const auto there = live_.has_job(job.number);
  if (!there || *there) return copied.error();
  if (auto removed = segments.remove(); !removed) return removed.error();
  taken_ = before;
  taken_.forgotten.push_back(job.id());
  forgotten_.push_back(job.number);
  return false;
}

Result<void> Backup::copy_table(Inspection& copy, std::uint64_t job, bool is_chunks, SegmentCopy& segments) {
  for (std::uint64_t from = 0;;) {
    auto rows = is_chunks ? copy.chunks(job, from) : copy.blocks(job, from);
    if (!rows) return rows.error();
    if (rows->empty()) return {};
    for (const IndexedRow& row : *rows)
      if (auto copied = copy_record(copy, job, row, is_chunks, segments); !copied) return copied;
    from = rows->back().key + 1;
  }
}

Result<void> Backup::copy_record(Inspection& copy, std::uint64_t job, const IndexedRow& row, bool is_chunk,
                                 SegmentCopy& segments) {
  const RowKey key{job, row.key};
  const auto chunk = is_chunk ? unpack_chunk(key, row.packed) : std::nullopt;
  const auto block = is_chunk ? std::nullopt : unpack_block(key, row.packed);
  if (!chunk && !block) return copy.damaged_row(job, is_chunk ? "chunk" : "block", row.key);
  const Location& location = chunk ? chunk->record : block->record;
  const auto bytes = copy.read_record(job, location, row.in_row);
  if (!bytes) return bytes.error();
  ++taken_.records;
  taken_.bytes += location.length;
  return location.segment == 0 ? Result<void>() : segments.put(location, bytes->view());
}

Result<BackupTaken> Backup::end() {
  const auto epoch = copied_epoch();
  if (!epoch) return epoch.error();
  if (auto forgot = forget_the_forgotten(); !forgot) return forgot.error();
  auto mark = CommitMark::open(commit_mark_file(folder_), true, true);
  if (!mark) return Error{ErrorCode::unavailable, mark.error().message};
  if (auto trouble = mark->write({taken_.commit, *epoch})) return Error{ErrorCode::unavailable, trouble->reason};
  return std::move(taken_);
}

Result<std::uint64_t> Backup::copied_epoch() {
  auto copy = Database::open(index_file(folder_), Access::read_only);
  if (!copy) return copy.error();
  return fact(**copy, "epoch");
}

/// As the broker does. Closing this connection also folds the copy's log into it.
Result<void> Backup::forget_the_forgotten() {
  auto copy = Database::open(index_file(folder_), Access::read_write);
  if (!copy) return copy.error();
  Statement forget(**copy, "DELETE FROM jobs WHERE number=?");
  Statement purge_later(**copy, "INSERT OR IGNORE INTO forgotten(job) VALUES(?)");
  auto trouble = (*copy)->run("BEGIN IMMEDIATE");
  for (const std::uint64_t job : forgotten_) {
    if (!trouble) trouble = forget.execute(job);
    if (!trouble) trouble = purge_later.execute(job);
  }
  if (!trouble) trouble = (*copy)->run("COMMIT");
  if (trouble) return Error{ErrorCode::unavailable, trouble->reason};
  return {};
}

Result<BackupTaken> back_up(const fs::path& folder, const fs::path& destination) {
  const fs::path to = plain(destination);
  if (auto checked = check_destination(to); !checked) return checked.error();
  auto live = Inspection::open(folder);
  if (!live) return live.error();
  auto partial = PartialFolder::make(to);
  if (!partial) return partial.error();
  Backup backup(**live, partial->path());
  if (auto copied = backup.copy_index(); !copied) return copied.error();
  if (auto copied = backup.copy_records(); !copied) return copied.error();
  auto taken = backup.end();
  if (!taken) return taken;
  if (auto renamed = partial->become(to); !renamed) return renamed.error();
  return taken;
}

}  // namespace brigade::broker
