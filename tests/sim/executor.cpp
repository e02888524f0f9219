#include "tests/sim/executor.h"

#include <algorithm>
#include <cstdlib>

namespace brigade::sim {

const JobPlan& job_plan_of(const Plan& plan, const std::string& options) {
  return plan.jobs.at(static_cast<std::size_t>(std::strtoul(options.c_str(), nullptr, 10)));
}

void SimExecutor::start(worker::Work work) {
  const LeaseId id = work.lease.id;
  Slice slice{.work = std::move(work), .arrived = world_->now().utc};
  slice.unstarted = RunSet(slice.work.lease.run);
  origins_[id] = {slice.work.lease.job, slice.arrived};
  if (!slices_.emplace(id, std::move(slice)).second) world_->fail("a worker was given one lease twice");
  order_.push_back(id);
  fill_slots();
}

void SimExecutor::fill_slots() {
  while (busy_ < slots_ && start_one()) {
  }
}

bool SimExecutor::start_one() {
  for (const LeaseId id : order_) {
    Slice& slice = slices_.at(id);
    if (slice.unstarted.empty() || running_of(slice.work.lease.job) >= slice.work.per_worker) continue;
    begin(slice, slice.unstarted.first_at_or_after(0)->first);
    return true;
  }
  return false;
}

std::uint32_t SimExecutor::running_of(JobId job) const {
  std::uint32_t running = 0;
  for (const auto& [id, slice] : slices_)
    if (slice.work.lease.job == job) running += static_cast<std::uint32_t>(slice.running.count());
  return running;
}

void SimExecutor::begin(Slice& slice, std::uint64_t index) {
  const Lease& lease = slice.work.lease;
  const JobPlan& job = job_plan_of(*plan_, lease.brief.options);
  check_argument(lease, job, index);
  slice.unstarted.erase({index, 1});
  slice.running.insert({index, 1});
  ++busy_;
  const unsigned execution = checker_->task_starts(lease, index);
  const TaskPlan& fate = job.fates.at(index);
  if (execution <= fate.kills) {
    edge_.plan(std::min<Duration>(fate.run, 20ms), edge_.killed);
    return;
  }
  const Duration took = fate.run;
  edge_.plan(took, [this, id = lease.id, index, execution, took] { end(id, index, execution, took); });
}

void SimExecutor::check_argument(const Lease& lease, const JobPlan& job, std::uint64_t index) {
  std::string argument;
  if (lease.brief.range) {
    argument = std::to_string(lease.brief.range->at(index));
  } else {
    ValuesReader reader(lease.arguments);
    reader.skip(index - lease.run.first);
    argument = reader.next();
  }
  if (argument != job.argument(index)) world_->fail("a task was leased with the argument of another");
}

void SimExecutor::end(LeaseId lease, std::uint64_t index, unsigned execution, Duration took) {
  --busy_;
  const auto it = slices_.find(lease);
  if (it != slices_.end()) {
    Slice& slice = it->second;
    slice.running.erase({index, 1});
    checker_->task_ends(slice.work.lease, index);
    if (finished_.empty()) edge_.plan(world_->between(0us, 300us), edge_.finished);
    finished_[lease].push_back(outcome(job_plan_of(*plan_, slice.work.lease.brief.options), index, execution, took));
    if (slice.running.empty() && slice.unstarted.empty()) {
      slices_.erase(it);
      std::erase(order_, lease);
    }
  }
  fill_slots();
}

SimExecutor::Row SimExecutor::outcome(const JobPlan& job, std::uint64_t index, unsigned execution, Duration took) {
  const TaskPlan& fate = job.fates.at(index);
  const unsigned survived = execution - std::min(execution, fate.kills);
  Row row{.index = index, .status = TaskStatus::ok, .retry_after_ms = kFinal};
  row.run_ms = static_cast<float>(to_ms(took));
  row.value = job.argument(index) + '|' + edge_.signature + '|' + std::to_string(execution);
  if (survived <= fate.failures) {
    row.status = TaskStatus::connect;
    row.retry_after_ms = static_cast<std::uint32_t>(world_->chance(30) ? world_->below(300) : 0);
  } else if (fate.fails) {
    row.status = TaskStatus::invalid_argument;
  }
  return row;
}

Runs SimExecutor::give_back(LeaseId lease) {
  const auto it = slices_.find(lease);
  if (it == slices_.end()) return {};
  Slice& slice = it->second;
  Runs runs = slice.unstarted.runs();
  slice.unstarted.clear();
  if (world_->has(Bug::started_given_back) && !slice.running.empty()) runs = {slice.work.lease.run};
  if (slice.running.empty()) {
    slices_.erase(it);
    std::erase(order_, lease);
  }
  return runs;
}

bool SimExecutor::has(LeaseId lease, std::uint64_t index) const {
  const auto it = slices_.find(lease);
  if (it == slices_.end()) return false;
  const auto unreported = finished_.find(lease);
  if (unreported != finished_.end() &&
      std::ranges::any_of(unreported->second, [&](const Row& row) { return row.index == index; }))
    return true;
  return it->second.unstarted.contains(index) || it->second.running.contains(index);
}

void SimExecutor::abort(JobId job) {
  const auto is_of = [job](const auto& entry) { return entry.second.work.lease.job == job; };
  std::erase_if(slices_, is_of);  // what runs ends in its time, and nobody hears of it
  std::erase_if(order_, [&](LeaseId id) { return !slices_.contains(id); });
  fill_slots();
}

std::vector<worker::Finished> SimExecutor::collect() {
  std::vector<worker::Finished> all;
  for (auto& [lease, rows] : finished_) {
    const auto& [job, arrived] = origins_.at(lease);
    worker::Finished block{.lease = lease, .job = job, .leased_at = arrived};
    std::vector<TaskStatus> status;
    std::vector<float> run_ms;
    std::vector<std::uint32_t> retry;
    ValuesBuilder values;
    for (Row& row : rows) {
      Runs& runs = block.outcomes.runs;
      if (!runs.empty() && runs.back().end() == row.index)
        ++runs.back().count;
      else
        runs.push_back({row.index, 1});
      status.push_back(row.status);
      run_ms.push_back(row.run_ms);
      retry.push_back(row.retry_after_ms);
      values.add(row.value);
    }
    block.outcomes.status = Column<TaskStatus>::of(std::move(status));
    block.outcomes.run_ms = Column<float>::of(std::move(run_ms));
    block.outcomes.retry_after_ms = Column<std::uint32_t>::of(std::move(retry));
    block.outcomes.values = values.take();
    all.push_back(std::move(block));
  }
  finished_.clear();
  return all;
}

}  // namespace brigade::sim
