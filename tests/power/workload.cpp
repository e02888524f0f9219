#include "tests/power/workload.h"

#include <algorithm>
#include <array>
#include <iterator>

#include "tests/unit/store_support.h"

namespace brigade::power {
namespace {

using namespace broker;

constexpr std::uint64_t kTasks = 200;
constexpr std::size_t kJobsMax = 5;

void add(std::vector<Write>& batch, Model& model, Write write) {
  add_to(model, write);
  batch.push_back(std::move(write));
}

}  // namespace

std::vector<Write> Workload::batch(Model model) {
  const std::uint64_t style = below(60);
  std::vector<Write> batch;
  if (style == 0)  // makes the log so long that it is moved into the database
    for (int i = 0; i < 17; ++i) add(batch, model, open_job(true, std::size_t{1} << 20));
  if (style == 1)  // has more open segment files than the store keeps open
    for (int i = 0; i < 70; ++i) {
      add(batch, model, open_job(true));
      const JobModel& job = std::prev(model.end())->second;
      add(batch, model, JobSealed{.job = job.opened.job, .tasks = kTasks, .hash = {}, .accepted_at = {2}});
      add(batch, model, broker::block_of(job.opened.job, 0, ok_outcomes({{0, 2}}, 3000)));
    }
  if (style <= 1) return batch;
  return usual(model);
}

std::vector<Write> Workload::usual(Model& model) {
  std::vector<Write> batch;
  const std::uint64_t writes = 1 + below(8);
  while (batch.size() < writes) {
    if (model.empty() || (model.size() < kJobsMax && below(4) == 0)) {
      add(batch, model, open_job(below(2) == 0));
      continue;
    }
    auto job = model.begin();
    std::advance(job, below(model.size()));
    const bool crowded = model.size() > kJobsMax;
    add(batch, model, crowded ? Write(JobForgotten{job->first}) : write_for(job->second));
  }
  return batch;
}

Write Workload::write_for(const JobModel& job) {
  if (job.finished) return JobForgotten{job.opened.job};
  if (!job.sealed && !job.opened.spec.range && (job.chunks.empty() || below(2) == 0)) return chunk_of(job);
  if (!job.sealed) {
    const std::uint64_t tasks = job.opened.spec.range ? kTasks : job.tasks();
    return JobSealed{.job = job.opened.job, .tasks = tasks, .hash = {9}, .accepted_at = {2}};
  }
  if (job.rows() == job.sealed->tasks || below(12) == 0) return end_of(job);
  if (below(8) > 0) return block_of(job);
  const Run run{below(job.sealed->tasks), 1};
  return AttemptsCounted{.job = job.opened.job, .run = run, .trial = {.attempts = 1}, .lost_worker = "w"};
}

Write Workload::open_job(bool range, std::size_t options_bytes) {
  JobSpec spec = spec_named("job " + std::to_string(++jobs_));
  spec.options.resize(options_bytes, 'o');
  if (range) spec.range = Arithmetic{.start = 0, .step = 1, .count = kTasks};
  return JobOpened{.job = {1, jobs_}, .spec = spec, .client = "someone", .opened_at = {1}};
}

Write Workload::chunk_of(const JobModel& job) {
  constexpr std::array<std::uint64_t, 3> kCounts{3, 100, 2000};  // the last is 50 KB
  const Run run{job.tasks(), kCounts[below(kCounts.size())]};
  return broker::chunk_of(job.opened.job, job.chunks.size(), run);
}

Write Workload::block_of(const JobModel& job) {
  constexpr std::array<std::size_t, 4> kPaddings{0, 300, 3000, 20'000};
  const Run run{job.rows(), std::min<std::uint64_t>(1 + below(5), job.sealed->tasks - job.rows())};
  Outcomes outcomes = ok_outcomes({run}, kPaddings[below(kPaddings.size())]);
  if (below(4) == 0) outcomes.status = Column<TaskStatus>(TaskStatus::timeout);
  return broker::block_of(job.opened.job, run.first, std::move(outcomes));
}

Write Workload::end_of(const JobModel& job) {
  JobSummary summary{.id = job.opened.job, .name = job.opened.spec.name, .kind = "echo", .state = JobState::done};
  for (const BlockAppended& block : job.blocks)
    summary.by_status[static_cast<std::size_t>(block.outcomes.status.constant())] += block.outcomes.count();
  summary.tasks = job.sealed->tasks;
  summary.visible_rows = job.rows();
  return JobFinished{.job = job.opened.job, .summary = summary};
}

}  // namespace brigade::power
