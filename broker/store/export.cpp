#include "broker/store/export.h"

#include <algorithm>
#include <utility>

#include "broker/store/commit_window.h"
#include "broker/store/gather.h"
#include "broker/store/index.h"
#include "broker/store/reader.h"

namespace brigade::broker {
namespace {

constexpr std::uint64_t kCacheBytes = std::uint64_t{8} << 20;  // each record is read once

constexpr std::uint64_t kExportedRowsMax = 4096;  ///< at once: a cancelled run of a billion tasks is one record

class Export {
 public:
  Export(Inspection& store, Reader& reader, const ExportSink& sink) : store_(store), reader_(reader), sink_(sink) {}

  std::uint64_t run(const CommitWindow& window);

 private:
  void export_job(const InspectedJob& job);
  JobSummary summary_of(const InspectedJob& job);
  void count_results(std::uint64_t number, JobSummary& summary);
  void export_results(const InspectedJob& job);
  void export_block(const InspectedJob& job, const InspectedBlock& block);
  ExportedResults with_arguments(const InspectedJob& job, Results rows);
  /// Calls use(row) for each row of the job's log.
  template <class Use>
  void for_blocks(std::uint64_t number, Use use);
  void damaged(std::optional<Run> tasks, const Error& error);
  void end_job(const InspectedJob& job);

  Inspection& store_;
  Reader& reader_;
  const ExportSink& sink_;
  std::vector<Damage> damages_;  ///< of the job at hand
  std::uint64_t found_ = 0;
};

std::uint64_t Export::run(const CommitWindow& window) {
  const auto commit = fact(store_.database(), "commit");
  const auto whole = commit ? window.check(*commit) : Result<void>(commit.error());
  if (!whole) damaged({}, whole.error());
  end_job({});
  for (std::uint64_t last = 0;;) {
    auto job = store_.next_job(last);
    if (!job) damaged({}, job.error());
    if (!job || !*job) break;
    last = (*job)->number;
    if ((*job)->opened && !sink_.wants(*(*job)->opened)) continue;
    export_job(**job);
    end_job(**job);
  }
  end_job({});
  return found_;
}

void Export::export_job(const InspectedJob& job) {
  damages_ = job.damages;
  if (!job.opened) return;
  if (!job.sealed && !job.finished && job.damages.empty())
    return sink_.note("job " + to_string(job.id()) + " was never sealed: it is an upload, and left out");
  sink_.job(*job.opened, summary_of(job));
  if (sink_.results) export_results(job);
  reader_.forget(job.number);
  store_.close(job.number);
}

JobSummary Export::summary_of(const InspectedJob& job) {
  if (job.finished) return job.finished->summary;
  const JobSpec& spec = job.opened->spec;
  JobSummary summary{.id = job.id(),
                     .name = spec.name,
                     .kind = spec.kind,
                     .mode = spec.mode,
                     .priority = spec.priority,
                     .retry_of = spec.retry_of,
                     .client = job.opened->client};
  count_results(job.number, summary);
  summary.tasks = job.sealed ? job.sealed->tasks : spec.range ? spec.range->count : summary.visible_rows;
  if (job.sealed) summary.submitted_at = job.sealed->accepted_at;
  if (summary.visible_rows > 0) summary.state = JobState::running;
  return summary;
}

/// From the rows alone. One that is damaged is reported when its record is read.
void Export::count_results(std::uint64_t number, JobSummary& summary) {
  for_blocks(number, [&](const IndexedRow& row) {
    const auto block = unpack_block({number, row.key}, row.packed);
    if (!block) return sink_.results ? void() : damaged({}, store_.damaged_row(number, "block", row.key));
    summary.visible_rows += block->tasks();
    for (std::size_t status = 0; status < kTaskStatuses; ++status)
      summary.by_status[status] += block->by_status[status];
  });
  for (std::size_t i = 0; i < kTaskStatuses; ++i) {
    const auto status = static_cast<TaskStatus>(i);
    (status == TaskStatus::ok  ? summary.ok
     : is_cancellation(status) ? summary.cancelled
                               : summary.failed) += summary.by_status[i];
  }
}

void Export::export_results(const InspectedJob& job) {
  for_blocks(job.number, [&](const IndexedRow& row) {
    const auto block = store_.read_block(job.number, row);
    if (block) return export_block(job, *block);
    const auto tasks = unpack_block({job.number, row.key}, row.packed);
    const Span span = tasks ? span_of(tasks->runs) : Span{};
    damaged(tasks ? std::optional(Run{span.first, span.last - span.first + 1}) : std::nullopt, block.error());
  });
}

void Export::export_block(const InspectedJob& job, const InspectedBlock& block) {
  const std::uint64_t rows = block.stored.outcomes.count();
  for (std::uint64_t first = 0; first < rows; first += kExportedRowsMax) {
    Results part{.job = job.id(), .origins = {block.stored.origin}};
    part.outcomes = slice(block.stored.outcomes, first, std::min(kExportedRowsMax, rows - first));
    sink_.results(with_arguments(job, std::move(part)));
  }
}

ExportedResults Export::with_arguments(const InspectedJob& job, Results rows) {
  if (job.opened->spec.range) return {.rows = std::move(rows)};
  auto stored = gather_arguments(rows.outcomes.runs,
                                 [&](const Run& run) { return reader_.arguments(job.number, run, Sequence{}); });
  if (stored) {
    rows.arguments = std::move(stored->arguments);
    rows.labels = std::move(stored->labels);
  } else {
    const Span span = span_of(rows.outcomes.runs);
    damaged(Run{span.first, span.last - span.first + 1}, stored.error());
  }
  return {.rows = std::move(rows), .has_arguments = static_cast<bool>(stored)};
}

template <class Use>
void Export::for_blocks(std::uint64_t number, Use use) {
  for (std::uint64_t from = 0;;) {
    const auto rows = store_.blocks(number, from);
    if (!rows) return damaged({}, rows.error());
    if (rows->empty()) return;
    for (const IndexedRow& row : *rows) use(row);
    from = rows->back().key + 1;
  }
}

void Export::damaged(std::optional<Run> tasks, const Error& error) {
  // One damaged chunk spoils many blocks: it is told once.
  const auto same = [&](const Damage& damage) { return damage.what == error.message; };
  if (std::ranges::none_of(damages_, same)) damages_.push_back({.job = {}, .tasks = tasks, .what = error.message});
}

void Export::end_job(const InspectedJob& job) {
  auto damages = std::exchange(damages_, {});
  if (damages.empty()) return;
  const auto there = store_.has_job(job.number);
  if (job.number > 0 && there && !*there)
    return sink_.note("job " + to_string(job.id()) + " was forgotten while it was exported: results of it may lack");
  found_ += damages.size();
  for (Damage& damage : damages) {
    damage.job = job.id();
    sink_.damage(std::move(damage));
  }
}

}  // namespace

Result<std::uint64_t> export_store(const std::filesystem::path& folder, const ExportSink& sink) {
  auto store = Inspection::open(folder);
  if (!store) return store.error();
  auto reader = Reader::open(folder, kCacheBytes);
  if (!reader) return reader.error();
  return Export(**store, **reader, sink).run(CommitWindow(folder));
}

}  // namespace brigade::broker
