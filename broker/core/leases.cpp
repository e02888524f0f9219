#include "broker/core/leases.h"

#include "broker/core/crew.h"
#include "broker/core/outcomes.h"
#include "broker/core/roster.h"

namespace brigade::broker {
namespace {

/// Adds (or with -1 subtracts) what a lease counts for in the sums of its worker and job.
void account(State& state, const Held& lease, int sign) {
  const auto add = [sign](auto& sum, std::uint64_t amount) {
    using T = std::decay_t<decltype(sum)>;
    sum = sign > 0 ? static_cast<T>(sum + amount) : static_cast<T>(sum - amount);
  };
  Worker& worker = state.workers.at(lease.worker);
  const auto lane = static_cast<std::size_t>(lease.lane);
  add(worker.units[lane], lease.units());
  add(worker.open_tasks[lane], lease.open.count());
  auto& of_job = worker.units_of[lease.job];
  add(of_job, lease.units());
  if (of_job == 0) worker.units_of.erase(lease.job);
  if (!lease.hedge) add(state.jobs.at(lease.job).leased, lease.open.count());
}

/// A worker that holds nothing is anybody's again.
void let_go(State& state, Worker& worker, LeaseId id) {
  worker.leases.erase(id);
  if (worker.leases.empty()) worker.exclusive = false;
  note_room(state, worker);
}

}  // namespace

Held& hold(State& state, Held lease) {
  const LeaseId id = lease.id;
  Held& held = state.leases.emplace(id, std::move(lease)).first->second;
  state.workers.at(held.worker).leases.insert(id);
  Job& job = state.jobs.at(held.job);
  if (held.hedge)
    job.hedges.insert(id);
  else
    job.leases.insert(id);
  account(state, held, +1);
  join_crew(state, job, state.workers.at(held.worker));
  note_room(state, state.workers.at(held.worker));
  return held;
}

SendLease order_of(const Job& job, const Held& lease) {
  return {lease.worker, Lease{.id = lease.id,
                              .job = job.id,
                              .run = lease.run,
                              .attempt = lease.trial.attempts + 1,
                              .last_attempt = lease.trial.failures >= job.spec.retries,
                              .brief = {job.spec.kind, job.spec.options, job.spec.mode, job.spec.task_timeout,
                                        job.spec.range, job.spec.limits, job.spec.ceilings.per_worker}}};
}

void move_lease(State& state, Held& lease, Worker& to) {
  account(state, lease, -1);
  let_go(state, state.workers.at(lease.worker), lease.id);
  if (std::set<PeerId>& crew = state.jobs.at(lease.job).crew; crew.erase(lease.worker) > 0) crew.insert(to.peer);
  lease.worker = to.peer;
  to.leases.insert(lease.id);
  account(state, lease, +1);
  note_room(state, to);
}

void shrink(State& state, Held& lease, const Runs& runs) {
  account(state, lease, -1);
  for (const Run& run : runs) lease.open.erase(run);
  account(state, lease, +1);
  state.idle_hands = true;
  if (lease.open.empty())
    (void)close(state, lease.id);
  else
    note_room(state, state.workers.at(lease.worker));
}

Runs close(State& state, LeaseId id) {
  const auto it = state.leases.find(id);
  require(it != state.leases.end());
  Held& lease = it->second;
  account(state, lease, -1);
  Runs open = lease.open.runs();
  let_go(state, state.workers.at(lease.worker), id);
  Job& job = state.jobs.at(lease.job);
  job.leases.erase(id);
  job.hedges.erase(id);
  state.leases.erase(it);
  state.idle_hands = true;
  return open;
}

namespace {

/// The past of tasks whose worker was lost. One loss in company is free, so that an ordinary crash delays nobody; tasks
/// that saw more are suspect, and halved until the one that kills stands alone.
Trial after_loss(const State& state, Trial trial, std::uint64_t count, bool alone) {
  ++trial.attempts;
  if (trial.grain == 1 && count == 1 && alone) {
    ++trial.kills;
  } else if (trial.grain > 0) {
    ++trial.losses;
    trial.grain = std::max<std::uint64_t>(1, (count + 1) / 2);
  } else if (++trial.losses > state.settings.losses_free) {
    trial.grain = count;
  }
  return trial;
}

}  // namespace

void give_up(State& state, LeaseId id, Fate fate, Now now, Commands& out) {
  const Held lease = state.leases.at(id);
  const std::string worker = state.workers.at(lease.worker).name;
  Job& job = state.jobs.at(lease.job);
  const Runs open = close(state, id);
  if (lease.hedge) return;
  const std::uint64_t count = count_of(open);
  const bool lost = fate != Fate::not_started;
  const Trial trial = lost ? after_loss(state, lease.trial, count, fate == Fate::lost_alone) : lease.trial;
  for (const Run& run : open) {
    const bool killed = trial.kills > lease.trial.kills;
    if (killed) job.killed[run.first].push_back(worker);
    if (trial.kills >= state.settings.kills_max) {
      fail_as_poison(state, job, run.first, trial, out);
      continue;
    }
    if (lost)
      append(state, AttemptsCounted{.job = job.id, .run = run, .trial = trial, .lost_worker = killed ? worker : ""},
             std::monostate{}, out);
    job.requeue({run, trial});
  }
  touch(state, job);
  cut_if_over_fail_limit(state, job, now, out);
}

}  // namespace brigade::broker
