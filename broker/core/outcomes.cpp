#include "broker/core/outcomes.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "broker/core/leases.h"
#include "broker/core/permit_desk.h"
#include "broker/core/readers.h"
#include "broker/core/shares.h"

namespace brigade::broker {
namespace {

struct Retry {
  std::uint64_t index;
  std::uint32_t wait_ms;
};

/// What of a block counts.
struct Verdict {
  bool whole = false;  ///< all of it, as it came
  RunSet final;        ///< else these rows
  std::vector<Retry> retries;
};

/// All rows are new, and final whatever the lease.
bool counts_whole(const Job& job, const Held* lease, const Outcomes& outcomes) {
  const bool all_ok = outcomes.status.is_constant() && outcomes.status.constant() == TaskStatus::ok;
  const bool all_final = outcomes.retry_after_ms.is_constant() && outcomes.retry_after_ms.constant() == kFinal;
  if (!all_ok && !(lease != nullptr && all_final)) return false;
  return std::ranges::all_of(outcomes.runs, [&](const Run& run) {
    if (!all_ok && count_of(lease->open.within(run)) != run.count) return false;
    return job.done.within(run).empty();
  });
}

/// Row by row: a success counts from anyone and once; a failure only from the lease that has the task now.
Verdict judge(const Job& job, const Held* lease, const Outcomes& outcomes) {
  if (lease != nullptr && lease->hedge) lease = nullptr;
  Verdict verdict{.whole = counts_whole(job, lease, outcomes)};
  if (verdict.whole) return verdict;
  const bool may_retry = lease != nullptr && !job.cut && lease->trial.failures < job.spec.retries;
  std::size_t row = 0;
  for (const Run& run : outcomes.runs) {
    for (std::uint64_t index = run.first; index < run.end(); ++index, ++row) {
      if (job.done.contains(index)) continue;
      const bool ok = outcomes.status[row] == TaskStatus::ok;
      if (!ok && (lease == nullptr || !lease->open.contains(index))) continue;
      const std::uint32_t wait_ms = outcomes.retry_after_ms[row];
      if (!ok && wait_ms != kFinal && may_retry)
        verdict.retries.push_back({index, wait_ms});
      else
        verdict.final.insert({index, 1});
    }
  }
  return verdict;
}

/// Takes finished tasks out of leases whose workers may still run them. Returns executions begun under these.
template <class Leases>
std::uint32_t outrun(State& state, Job& job, const Leases& of_job, const Runs& runs) {
  std::uint32_t attempts = 0;
  const std::vector<LeaseId> leases(of_job.begin(), of_job.end());
  for (const LeaseId id : leases) {
    Held& lease = *state.lease(id);
    Runs open;
    for (const Run& run : runs)
      for (const Run& part : lease.open.within(run)) open.push_back(part);
    if (open.empty()) continue;
    attempts = std::max(attempts, lease.trial.attempts + 1);
    job.outrun.insert(lease.worker);
    shrink(state, lease, open);
  }
  return attempts;
}

/// Successes of a lease that does not have the tasks: they wait, or another lease has them. Returns executions begun
/// before.
std::uint32_t take_from_others(State& state, Job& job, const Runs& runs) {
  std::uint32_t attempts = outrun(state, job, job.leases, runs);
  for (const Run& run : runs)
    for (const Waiting& waiting : job.take_waiting(run)) attempts = std::max(attempts, waiting.trial.attempts);
  return attempts;
}

/// Final outcomes become part of the job: known at once, visible once they are on disk.
void record(State& state, Job& job, Origin origin, Outcomes outcomes, Commands& out) {
  (void)outrun(state, job, job.hedges, outcomes.runs);
  Job::Uncommitted block{.runs = outcomes.runs};
  std::size_t row = 0;
  for (const Run& run : outcomes.runs) {
    job.done.insert(run);
    if (outcomes.status.is_constant()) {
      const TaskStatus status = outcomes.status.constant();
      block.by_status[static_cast<std::size_t>(status)] += run.count;
      if (status != TaskStatus::ok && !is_cancellation(status)) job.failed.insert(run);
      continue;
    }
    for (std::uint64_t index = run.first; index < run.end(); ++index, ++row) {
      const TaskStatus status = outcomes.status[row];
      ++block.by_status[static_cast<std::size_t>(status)];
      if (status != TaskStatus::ok && !is_cancellation(status)) job.failed.insert({index, 1});
    }
  }
  const std::uint64_t position = job.log_rows;
  job.log_rows += outcomes.count();
  job.uncommitted.emplace(position, std::move(block));
  append(state, BlockAppended{job.id, position, std::move(origin), std::move(outcomes)}, BlockPending{job.id, position},
         out);
  touch(state, job);
}

/// How long the tasks of a block ran, all together.
double run_ms_of(const Outcomes& outcomes) {
  const std::uint64_t count = outcomes.count();
  if (outcomes.run_ms.is_constant())
    return static_cast<double>(outcomes.run_ms.constant()) * static_cast<double>(count);
  double total_ms = 0;
  for (std::size_t row = 0; row < count; ++row) total_ms += static_cast<double>(outcomes.run_ms[row]);
  return total_ms;
}

void learn_times(Job& job, float queued_ms, const Outcomes& outcomes) {
  if (!job.timing) job.timing = std::make_unique<Job::Timing>();
  const std::uint64_t count = outcomes.count();
  if (outcomes.run_ms.is_constant() && outcomes.start_ms.is_constant()) {
    job.timing->run_ms.add(outcomes.run_ms.constant(), count);
    job.timing->queued_ms.add(queued_ms + outcomes.start_ms.constant(), count);
  } else {
    for (std::size_t row = 0; row < count; ++row) {
      job.timing->run_ms.add(outcomes.run_ms[row]);
      job.timing->queued_ms.add(queued_ms + outcomes.start_ms[row]);
    }
  }
  job.cost.learn(run_ms_of(outcomes), static_cast<double>(outcomes.values.blob.size()), count);
}

Duration retry_wait(State& state, const Job& job, const Trial& trial, std::uint32_t least_ms) {
  const double jitter = std::uniform_real_distribution<double>(0.75, 1.25)(state.random);
  const double doubled = static_cast<double>(job.spec.backoff.count()) * std::exp2(std::min(trial.failures - 1, 30u));
  const double capped = std::min(doubled * jitter, static_cast<double>(state.settings.backoff_max.count()));
  return std::max<Duration>(Duration(static_cast<std::int64_t>(capped)), std::chrono::milliseconds(least_ms));
}

void delay(State& state, Job& job, const Held& lease, const Retry& retry, Now now, Commands& out) {
  Trial trial = lease.trial;
  ++trial.attempts;
  ++trial.failures;
  trial.grain = 0;  // it came back, so it does not kill
  const Run run{retry.index, 1};
  job.delayed.add({run, trial});
  const Instant due = now.instant + retry_wait(state, job, trial, retry.wait_ms);
  job.due.emplace(due, run);
  state.wakeups.emplace(due, job.id);
  append(state, AttemptsCounted{.job = job.id, .run = run, .trial = trial}, std::monostate{}, out);
}

/// Returns the lease, or null when nothing of it is left.
Held* take_retries(State& state, Job& job, Held& lease, const std::vector<Retry>& retries, Now now, Commands& out) {
  const LeaseId id = lease.id;
  Runs runs;
  for (const Retry& retry : retries) {
    delay(state, job, lease, retry, now, out);
    runs.push_back({retry.index, 1});
  }
  shrink(state, lease, runs);
  return state.lease(id);
}

bool over_fail_limit(const Job& job) {
  const FailLimit& limit = job.spec.max_fails;
  switch (limit.unit) {
    case FailLimit::Unit::none:
      return false;
    case FailLimit::Unit::count:
      return job.failures() > limit.value;
    case FailLimit::Unit::percent:
      return static_cast<double>(job.failures()) * 100 >
             static_cast<double>(limit.value) * static_cast<double>(job.tasks);
  }
  return false;
}

/// What the rows of a block have in common.
Origin origin_of(const Worker& worker, const Job& job, const Held* lease, const Block& block, Now now) {
  Origin origin{.worker = worker.name, .attempts = 1, .leased_at = block.leased_at};
  origin.queued_ms = lease != nullptr ? lease->queued_ms : static_cast<float>(to_ms(now.instant - job.accepted));
  if (lease != nullptr) origin.attempts = lease->trial.attempts + 1;
  return origin;
}

bool all_open(const Held* lease, const Runs& runs) {
  return lease != nullptr &&
         std::ranges::all_of(runs, [&](const Run& run) { return count_of(lease->open.within(run)) == run.count; });
}

void take_finals(State& state, Worker& worker, Job& job, Held* lease, Origin origin, Outcomes finals, Commands& out) {
  finals.retry_after_ms = Column<std::uint32_t>(kFinal);
  const bool own = all_open(lease, finals.runs) && !lease->hedge;
  if (lease != nullptr) shrink(state, *lease, finals.runs);
  if (!own) origin.attempts = std::max(origin.attempts, take_from_others(state, job, finals.runs));
  worker.finished_tasks += finals.count();
  learn_times(job, origin.queued_ms, finals);
  record(state, job, std::move(origin), std::move(finals), out);
}

/// A second run that failed is over, and that is all.
void drop_failures_of_hedge(State& state, const Worker& worker, const Block& block) {
  Held* lease = state.lease(block.lease);
  if (lease == nullptr || !lease->hedge || lease->worker != worker.peer) return;
  for (const Run& run : block.outcomes.runs)
    for (const Run& failed : lease->open.within(run)) state.jobs.at(lease->job).hedge_failed.insert(failed);
  shrink(state, *lease, block.outcomes.runs);
}

}  // namespace

void on_block(State& state, Worker& worker, const Block& block, Now now, Commands& out) {
  Job* job = state.job(block.job);
  if (job == nullptr || !job->sealed || job->is_final()) {
    ++state.stale;  // acknowledged all the same: otherwise the worker would send it for ever
    send(worker.peer, BlockStored{block.sequence}, out);
    return;
  }
  charge(state, *job, block.outcomes.count(), run_ms_of(block.outcomes));
  Held* lease = state.lease(block.lease);
  if (lease != nullptr && (lease->worker != worker.peer || lease->job != job->id)) lease = nullptr;
  if (lease != nullptr) lease->progressed = now.instant;
  const Verdict verdict = judge(*job, lease, block.outcomes);
  Origin origin = origin_of(worker, *job, lease, block, now);
  if (!verdict.retries.empty()) lease = take_retries(state, *job, *lease, verdict.retries, now, out);
  if (verdict.whole || !verdict.final.empty())
    take_finals(state, worker, *job, lease, std::move(origin),
                verdict.whole ? block.outcomes : select(block.outcomes, verdict.final), out);
  else if (verdict.retries.empty())
    ++state.stale;
  drop_failures_of_hedge(state, worker, block);
  acknowledge_when_stored(state, worker.peer, block.sequence, out);
  touch(state, *job);
  cut_if_over_fail_limit(state, *job, now, out);
}

void fail_as_poison(State& state, Job& job, std::uint64_t index, const Trial& trial, Commands& out) {
  std::string message = "lost the worker each time it ran alone; workers lost:";
  for (const std::string& worker : job.killed[index]) message += " " + worker;
  ValuesBuilder values;
  values.add(message);
  Outcomes outcomes{.runs = {{index, 1}}, .status = Column(TaskStatus::worker_lost), .values = values.take()};
  record(state, job, Origin{.attempts = trial.attempts}, std::move(outcomes), out);
}

void fail_unreadable(State& state, LeaseId id, const Error& error, Now now, Commands& out) {
  Held* lease = state.lease(id);
  if (lease == nullptr) return;
  Job& job = state.jobs.at(lease->job);
  const bool is_hedge = lease->hedge;
  const Runs runs = close(state, id);
  if (is_hedge) return;
  ValuesBuilder values;
  for (std::uint64_t i = 0; i < count_of(runs); ++i) values.add(error.message);
  Outcomes outcomes{.runs = runs, .status = Column(TaskStatus::internal), .values = values.take()};
  record(state, job, Origin{}, std::move(outcomes), out);
  cut_if_over_fail_limit(state, job, now, out);
}

void cut_if_over_fail_limit(State& state, Job& job, Now now, Commands& out) {
  if (!job.cut && over_fail_limit(job)) cut(state, job, TaskStatus::max_fails, now, out);
}

void cut(State& state, Job& job, TaskStatus status, Now now, Commands& out) {
  require(!job.cut && !job.is_final());
  job.cut = true;
  job.cut_status = status;
  close_permits(state, job);
  std::set<PeerId> workers;
  std::vector<LeaseId> leases(job.leases.begin(), job.leases.end());
  leases.insert(leases.end(), job.hedges.begin(), job.hedges.end());
  for (const LeaseId id : leases) {
    workers.insert(state.leases.at(id).worker);
    (void)close(state, id);
  }
  for (const PeerId worker : workers) {
    send(worker, Abort{job.id}, out);
    job.outrun.erase(worker);
  }
  const Run all{0, job.tasks};
  (void)job.take_waiting(all);
  job.due.clear();
  Runs open = job.done.missing(all);
  constexpr std::size_t kRunsPerRecord = 4096;
  for (std::size_t at = 0; at < open.size(); at += kRunsPerRecord) {
    const auto begin = open.begin() + static_cast<std::ptrdiff_t>(at);
    const auto end = open.begin() + static_cast<std::ptrdiff_t>(std::min(open.size(), at + kRunsPerRecord));
    record(state, job, Origin{}, Outcomes{.runs = Runs(begin, end), .status = Column(status)}, out);
  }
  touch(state, job);
  finish_if_complete(state, job, now, out);
}

void on_block_committed(State& state, Job& job, std::uint64_t position, Now now, Commands& out) {
  const auto node = job.uncommitted.extract(position);
  require(!node.empty());
  job.visible_rows = position + count_of(node.mapped().runs);
  for (std::size_t i = 0; i < kTaskStatuses; ++i) job.by_status[i] += node.mapped().by_status[i];
  touch(state, job);
  finish_if_complete(state, job, now, out);
  feed_readers(state, job, out);
}

void finish_if_complete(State& state, Job& job, Now now, Commands& out) {
  if (job.is_final() || !job.complete() || !job.uncommitted.empty()) return;
  require(job.leases.empty() && job.hedges.empty() && job.ready.empty() && job.suspect.empty() && job.delayed.empty());
  job.finished = now.instant;
  job.finished_at = now.utc;
  JobSummary summary = job.summary(now.instant);
  // Told by the tasks alone: `cut` does not survive a restart between the last block and this record.
  const bool cancelled = job.by_status[static_cast<std::size_t>(TaskStatus::cancelled)] > 0;
  summary.state = cancelled ? JobState::cancelled : JobState::done;
  job.final_summary = summary;
  job.timing.reset();
  job.killed.clear();
  leave_shares(state, job);
  state.hedging.erase(job.id);
  close_permits(state, job);
  for (const PeerId worker : std::exchange(job.outrun, {}))
    if (state.workers.contains(worker)) send(worker, Abort{job.id}, out);
  append(state, JobFinished{job.id, summary}, std::monostate{}, out);
  tell_watchers(state, job, now, out);
}

}  // namespace brigade::broker
