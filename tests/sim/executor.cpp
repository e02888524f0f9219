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
    if (slice.work.lease.job == job)
      running += static_cast<std::uint32_t>(slice.running.count() + slice.waiting.count());
  return running;
}

void SimExecutor::begin(Slice& slice, std::uint64_t index) {
  const Lease& lease = slice.work.lease;
  check_argument(lease, job_plan_of(*plan_, lease.brief.options), index);
  slice.unstarted.erase({index, 1});
  ++busy_;
  if (lease.brief.limits.any()) {
    constexpr std::uint64_t kTargets = 3;
    slice.waiting.insert({index, 1});
    return ask({lease.id, index}, {.job = lease.job,
                                   .target = {TargetId{1 + index % kTargets}, "target"},
                                   .counted = lease.brief.limits.per_target > 0,
                                   .lease = lease.id,
                                   .index = index});
  }
  slice.running.insert({index, 1});
  run(lease, index, {});
}

void SimExecutor::run(const Lease& lease, std::uint64_t index, const Question& question) {
  const JobPlan& job = job_plan_of(*plan_, lease.brief.options);
  const unsigned execution = checker_->task_starts(lease, index, edge_.worker);
  const TaskPlan& fate = job.fates.at(index);
  if (execution <= fate.kills) {
    edge_.plan(std::min<Duration>(fate.run, 20ms), edge_.killed);
    return;
  }
  const Duration took = fate.run;
  edge_.plan(took, [this, id = lease.id, index, execution, took, question] {
    if (question.job) close_request(question);
    end(id, index, execution, took);
  });
}

// ---- Permits, as executors and kinds ask for them ------------------------------------------------------------------

void SimExecutor::ask(Task task, Question question) {
  Waiting& waiting = waiting_[task] = {question, 0};
  waiting.ticket =
      edge_.gate->ask(std::move(question), [this, task] { edge_.plan(Duration{}, [this, task] { answered(task); }); });
  edge_.asked();
}

void SimExecutor::answered(Task task) {
  const worker::PermitGate::Reply reply = edge_.gate->reply(waiting_.at(task).ticket);
  if (reply.answer != worker::PermitGate::Answer::permit) return leave(task);
  const Duration wait = std::max(Duration{}, reply.from - world_->instant());
  edge_.plan(wait, [this, task, from = reply.from] { go(task, from); });
}

/// The permit's instant.
void SimExecutor::go(Task task, Instant from) {
  Question question = waiting_.at(task).question;
  const auto slice = slices_.find(task.first);
  const bool aborted = slice == slices_.end();
  if (aborted || world_->instant() - from > kPermitLasts) {
    edge_.gate->ended(question);
    edge_.asked();
    question.again = true;
    return aborted ? leave(task) : ask(task, std::move(question));
  }
  waiting_.erase(task);
  slice->second.waiting.erase({task.second, 1});
  slice->second.running.insert({task.second, 1});
  checker_->request_begins(slice->second.work.lease, question.target.id, edge_.worker);
  run(slice->second.work.lease, task.second, question);
}

/// The task is not to run here.
void SimExecutor::leave(Task task) {
  waiting_.erase(task);
  --busy_;
  fill_slots();
}

void SimExecutor::close_request(const Question& question) {
  checker_->request_ends(question.job, question.target.id, edge_.worker);
  if (world_->chance(3)) edge_.gate->hold(question, world_->between(10ms, 300ms));
  if (!world_->has(Bug::permit_kept)) edge_.gate->ended(question);
  edge_.asked();
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
    checker_->task_ends(slice.work.lease, index, edge_.worker);
    if (finished_.empty()) edge_.plan(world_->between(0us, 300us), edge_.finished);
    finished_[lease].push_back(outcome(job_plan_of(*plan_, slice.work.lease.brief.options), index, execution, took));
    if (slice.running.empty() && slice.waiting.empty() && slice.unstarted.empty()) {
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
  for (const Run& run : edge_.gate->withdraw(lease)) {
    slice.waiting.erase(run);
    runs.push_back(run);
  }
  edge_.asked();
  std::ranges::sort(runs);
  if (world_->has(Bug::started_given_back) && !slice.running.empty()) runs = {slice.work.lease.run};
  if (slice.running.empty() && slice.waiting.empty()) {
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
  const Slice& slice = it->second;
  return slice.unstarted.contains(index) || slice.waiting.contains(index) || slice.running.contains(index);
}

void SimExecutor::abort(JobId job) {
  const auto is_of = [job](const auto& entry) { return entry.second.work.lease.job == job; };
  std::erase_if(slices_, is_of);  // what runs ends in its time, and nobody hears of it
  std::erase_if(order_, [&](LeaseId id) { return !slices_.contains(id); });
  for (const auto& [task, waiting] : waiting_)
    if (waiting.question.job == job) edge_.gate->stop(waiting.ticket);
  edge_.asked();
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
