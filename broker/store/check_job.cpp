#include "broker/store/check_job.h"

#include <algorithm>
#include <string>
#include <system_error>
#include <utility>

#include "broker/store/index.h"
#include "broker/store/payload_record.h"

namespace brigade::broker {
namespace {

/// Of one job, one by one; the rest is a number.
constexpr std::size_t kJobDamagesMax = 100;

/// The tasks of a block that can be read from its row at least, as one run.
std::optional<Run> tasks_of(const std::optional<BlockRow>& row) {
  if (!row || row->runs.empty()) return std::nullopt;
  const Span span = span_of(row->runs);
  return Run{span.first, span.last - span.first + 1};
}

std::string tasks_text(Run run) {
  return "tasks " + std::to_string(run.first) + ".." + std::to_string(run.end() - 1);
}

}  // namespace

JobCheck::JobCheck(Inspection& store, const InspectedJob& job) : store_(store), job_(job) {
  checked_.number = job.number;
  checked_.id = job.id();
  if (job.opened) {
    checked_.name = job.opened->spec.name;
    checked_.kind = job.opened->spec.kind;
  }
  checked_.sealed = job.sealed.has_value();
  checked_.finished = job.finished.has_value();
  if (job.sealed) checked_.tasks = job.sealed->tasks;
  damages_ = job.damages;
  checked_.damages = damages_.size();
}

void JobCheck::run() {
  read_chunks();
  read_blocks();
  read_attempts();
  if (job_.finished && log_whole_) compare_with_summary();
  compare_with_files();
  checked_.done = done_.count();
  store_.close(job_.number);
  const auto there = store_.has_job(job_.number);
  forgotten_ = there && !*there;
}

std::string JobCheck::name() const {
  return job_.opened ? "job " + to_string(job_.id()) : "job number " + std::to_string(job_.number);
}

void JobCheck::damaged(std::optional<Run> tasks, std::string what) {
  const auto file = index_file(store_.folder());
  damaged(file, tasks, file.string() + " is damaged: " + name() + ": " + std::move(what));
}

void JobCheck::damaged(const std::filesystem::path& file, std::optional<Run> tasks, std::string what) {
  ++checked_.damages;
  if (damages_.size() >= kJobDamagesMax) return;
  damages_.push_back(
      {.file = file, .job_number = job_.number, .job = job_.id(), .tasks = tasks, .what = std::move(what)});
}

void JobCheck::count(const Location& location) {
  ++checked_.records;
  checked_.bytes += location.length;
  if (location.segment > 0) pointed_to_[location.segment] += sizeof(RecordHeader) + location.length;
}

void JobCheck::read_chunks() {
  for (std::uint64_t from = 0;;) {
    auto rows = store_.chunks(job_.number, from);
    if (!rows) return damaged(index_file(store_.folder()), std::nullopt, rows.error().message);
    if (rows->empty()) break;
    for (const IndexedRow& row : *rows) read_chunk(row);
    from = rows->back().key + 1;
  }
  if (!job_.sealed) checked_.tasks = next_task_;
  const bool has_columns = job_.opened && !job_.opened->spec.range;
  if (job_.sealed && has_columns && next_task_ < checked_.tasks)
    damaged(Run{next_task_, checked_.tasks - next_task_},
            "the arguments of " + tasks_text({next_task_, checked_.tasks - next_task_}) + " are missing");
}

void JobCheck::read_chunk(const IndexedRow& row) {
  if (row.key > next_task_)
    damaged(Run{next_task_, row.key - next_task_},
            "the arguments of " + tasks_text({next_task_, row.key - next_task_}) + " are missing");
  if (row.key < next_task_) damaged(std::nullopt, "two chunks hold arguments of task " + std::to_string(row.key));
  const auto unpacked = unpack_chunk({job_.number, row.key}, row.packed);
  if (auto chunk = store_.read_chunk(job_.number, row); !chunk) {
    const auto file = unpacked ? store_.file_of(job_.number, unpacked->record) : index_file(store_.folder());
    damaged(file, unpacked ? std::optional(unpacked->run) : std::nullopt, chunk.error().message);
  }
  if (!unpacked) return;
  count(unpacked->record);
  next_task_ = std::max(next_task_, unpacked->run.end());
}

void JobCheck::read_blocks() {
  for (std::uint64_t from = 0;;) {
    auto rows = store_.blocks(job_.number, from);
    if (!rows) {
      log_whole_ = false;
      return damaged(index_file(store_.folder()), std::nullopt, rows.error().message);
    }
    if (rows->empty()) return;
    for (const IndexedRow& row : *rows) read_block(row);
    from = rows->back().key + 1;
  }
}

void JobCheck::read_block(const IndexedRow& row) {
  if (row.key > log_rows_)
    damaged(std::nullopt, "rows " + std::to_string(log_rows_) + ".." + std::to_string(row.key - 1) +
                              " of its result log are missing");
  if (row.key < log_rows_)
    damaged(std::nullopt, "two blocks hold row " + std::to_string(row.key) + " of its result log");
  const auto unpacked = unpack_block({job_.number, row.key}, row.packed);
  auto block = store_.read_block(job_.number, row);
  if (!block) {
    const auto file = unpacked ? store_.file_of(job_.number, unpacked->record) : index_file(store_.folder());
    damaged(file, tasks_of(unpacked), block.error().message);
  }
  log_whole_ = log_whole_ && unpacked && row.key == log_rows_;
  log_rows_ = row.key + (unpacked ? unpacked->tasks() : 0);
  if (!unpacked) return;
  count(unpacked->record);
  const Span span = span_of(unpacked->runs);
  if (row.not_ok != unpacked->not_ok() || row.first != span.first || row.last != span.last ||
      row.span_class != class_of(span))
    damaged(tasks_of(unpacked), "block " + std::to_string(row.key) + " would not be found by its tasks");
  if (block) take_in(*block);
}

void JobCheck::take_in(const InspectedBlock& block) {
  for (const Run& run : block.row.runs) {
    if (checked_.sealed && (run.first > checked_.tasks || run.count > checked_.tasks - run.first))
      damaged(run, "block " + std::to_string(block.position) + " has results of " + tasks_text(run) +
                       ", more than there are");
    const std::uint64_t before = done_.count();
    done_.insert(run);
    if (done_.count() != before + run.count)
      damaged(run, "block " + std::to_string(block.position) + " has second results of some of " + tasks_text(run));
  }
  const BlockRow described = describe(block.stored.outcomes);
  if (described.by_status != block.row.by_status || described.failures != block.row.failures)
    damaged(tasks_of(block.row), "block " + std::to_string(block.position) + " counts its outcomes wrongly");
  for (std::size_t status = 0; status < kTaskStatuses; ++status) by_status_[status] += described.by_status[status];
}

void JobCheck::read_attempts() {
  Statement ask(store_.database(),
                "SELECT count, packed FROM attempts WHERE job=? AND count>? ORDER BY count LIMIT 256");
  for (std::uint64_t last = 0;;) {
    Rows rows(ask, job_.number, last);
    const std::uint64_t begin = last;
    while (rows.next()) {
      const auto attempts = unpack_attempts({job_.number, 0}, job_.id(), rows.bytes(1));
      if (!attempts || rows.number(0) != last + 1)
        damaged(attempts ? std::optional(attempts->run) : std::nullopt,
                "attempt " + std::to_string(rows.number(0)) + " is damaged or out of order");
      last = rows.number(0);
    }
    if (auto error = rows.error()) return damaged(index_file(store_.folder()), std::nullopt, error->message);
    if (last == begin) return;
  }
}

void JobCheck::compare_with_summary() {
  if (done_.count() != checked_.tasks)
    damaged(std::nullopt,
            "it is finished, and results of " + std::to_string(checked_.tasks - done_.count()) + " tasks are missing");
  if (by_status_ != job_.finished->summary.by_status)
    damaged(std::nullopt, "its results are not those that its summary counts");
}

void JobCheck::compare_with_files() {
  for (const auto& [segment, bytes] : pointed_to_) {
    std::error_code failed;  // a file that is missing was reported with its records
    const auto size = std::filesystem::file_size(store_.file_of(job_.number, {.segment = segment}), failed);
    if (!failed && size > bytes) left_behind_ += size - bytes;
  }
}

}  // namespace brigade::broker
