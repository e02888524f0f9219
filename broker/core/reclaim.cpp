#include "broker/core/reclaim.h"

#include <algorithm>
#include <tuple>

#include "broker/core/permits.h"
#include "broker/core/placement.h"
#include "broker/core/roster.h"

namespace brigade::broker {
namespace {

/// A lease with unstarted tasks, and how long they would wait.
struct Queue {
  Held* lease;
  double ms;
  double worth_ms;  ///< what they count for in the share of their job
};

bool is_idle(const State& state, std::size_t lane) {
  const auto& open = state.open[lane];
  return !open.empty() && open.begin()->first < 1 && !state.leases.empty();
}

/// Unstarted tasks of the lease, at least: the worker runs at most its slots at once, and of one job at most the job's
/// ceiling, older leases first.
std::uint64_t surplus_of(const State& state, const Held& lease) {
  const Worker& worker = state.workers.at(lease.worker);
  std::uint64_t free = worker.slots[static_cast<std::size_t>(lease.lane)];
  std::uint64_t free_of_job = lease.cap;
  for (const LeaseId id : worker.leases) {
    if (id == lease.id) break;
    const Held& older = state.leases.at(id);
    if (older.lane != lease.lane) continue;
    free -= std::min<std::uint64_t>(free, older.units());
    if (older.job == lease.job) free_of_job -= std::min<std::uint64_t>(free_of_job, older.units());
  }
  return lease.open.count() - std::min({free, free_of_job, lease.open.count()});
}

/// Of a job with limits: tasks at the lease's worker that wait for a permit there. They have not started either.
std::uint64_t waiting_for_permits(const State& state, const Held& lease) {
  const Job& job = state.jobs.at(lease.job);
  return job.permits ? std::min(job.permits->of_worker(lease.worker).wanted, lease.open.count()) : 0;
}

/// Nothing where nothing can be asked back.
std::optional<Queue> queue_of(const State& state, Held& lease, std::uint64_t waiting = 0) {
  if (lease.reclaiming || lease.hedge || lease.trial.grain > 0) return std::nullopt;
  const std::uint64_t surplus = std::max(surplus_of(state, lease), waiting);
  if (surplus == 0) return std::nullopt;
  const Job& job = state.jobs.at(lease.job);
  const double tasks = static_cast<double>(surplus);
  const double task_ms = job.cost.known && waiting == 0 ? job.cost.run_ms : 1e3;
  const double worth_ms = job.leased_ms * tasks / static_cast<double>(job.leased);
  return Queue{.lease = &lease, .ms = tasks * task_ms / lease.cap, .worth_ms = worth_ms};
}

void ask_back(Held& lease, Commands& out) {
  lease.reclaiming = true;
  send(lease.worker, Reclaim{lease.id}, out);
}

// ---- For idle workers --------------------------------------------------------------------------------------------

using Queues = std::map<JobId, std::vector<Queue>>;

/// Queues that others could shorten, by job, the longest last (of equal ones the oldest lease).
Queues long_queues(State& state, Lane lane) {
  Queues queues;
  for (auto& [id, lease] : state.leases) {
    if (lease.lane != lane) continue;
    const auto queue = queue_of(state, lease);
    if (queue && queue->ms >= to_ms(state.settings.reclaim_above)) queues[lease.job].push_back(*queue);
  }
  for (auto& [job, of_job] : queues)
    std::ranges::sort(of_job, [](const Queue& a, const Queue& b) {
      return std::tie(a.ms, b.lease->id) < std::tie(b.ms, a.lease->id);
    });
  return queues;
}

/// Takes out the longest queue of a job that the idle worker could run; null when there is none.
Held* take_longest(const State& state, const Worker& idle, Lane lane, Queues& queues) {
  std::vector<Queue>* longest = nullptr;
  for (auto& [id, of_job] : queues) {
    const Job& job = state.jobs.at(id);
    const auto placement = placement_on(idle, job);
    if (!placement || placement->lane != lane || !has_room(state, job, idle, *placement)) continue;
    if (of_job.empty() || of_job.back().lease->worker == idle.peer) continue;
    if (longest == nullptr || longest->back().ms < of_job.back().ms) longest = &of_job;
  }
  if (longest == nullptr) return nullptr;
  Held* lease = longest->back().lease;
  longest->pop_back();
  return lease;
}

void reclaim_for_idle(State& state, Lane lane, Commands& out) {
  Queues queues = long_queues(state, lane);
  if (queues.empty()) return;
  std::vector<PeerId> idle;
  for (const auto& [full, peer] : state.open[static_cast<std::size_t>(lane)]) {
    if (full >= 1) break;
    idle.push_back(peer);
  }
  std::ranges::sort(idle);
  for (const PeerId peer : idle)
    if (Held* lease = take_longest(state, state.workers.at(peer), lane, queues)) ask_back(*lease, out);
}

// ---- For a job that deserves more --------------------------------------------------------------------------------

/// Whether the queue's job has less right to its slots than `job`, even when it gets nothing for them.
bool yields_to(const State& state, const Queue& queue, const Job& job) {
  const Job& other = state.jobs.at(queue.lease->job);
  if (other.id == job.id) return false;
  if (other.client != job.client)
    return state.shares.at(other.client).given_ms() - queue.worth_ms > state.shares.at(job.client).given_ms();
  if (other.spec.priority != job.spec.priority) return other.spec.priority < job.spec.priority;
  return other.given_ms() - queue.worth_ms > job.given_ms();
}

/// Only of leases that have waited for a while: among very many jobs that each deserve the next one, slots would
/// change hands without end. False where the job has all that its ceilings allow: it could take nothing of others.
bool reclaim_for(State& state, const Job& job, Now now, Commands& out) {
  bool takes = false;
  for (auto& [peer, worker] : state.workers) {
    const auto placement = placement_on(worker, job);
    if (!placement || worker.reserved || worker.exclusive) continue;
    if (!may_have_more(state, job, worker, *placement)) continue;
    takes = true;
    for (auto it = worker.leases.rbegin(); it != worker.leases.rend(); ++it) {
      Held& lease = state.leases.at(*it);
      if (lease.lane != placement->lane || now.instant - lease.granted < state.settings.overtake_above) continue;
      // Not for an idle worker, who would only wait in their place; but others need not wait for a rate.
      const auto queue = queue_of(state, lease, waiting_for_permits(state, lease));
      if (!queue || queue->ms < to_ms(state.settings.overtake_above) || !yields_to(state, *queue, job)) continue;
      ask_back(lease, out);
      break;
    }
  }
  return takes;
}

/// The most deserving job of those that nobody has room for, and that could take more.
void reclaim_for_deserving(State& state, Lane lane, Now now, Commands& out) {
  state.runnable[static_cast<std::size_t>(lane)].visit(
      [&](JobId id) { return reclaim_for(state, state.jobs.at(id), now, out); });
}

bool is_wanted(const State& state, std::size_t lane) {
  return is_idle(state, lane) || !state.runnable[lane].empty();
}

}  // namespace

void reclaim(State& state, Now now, Commands& out) {
  state.reclaim_due = kNever;
  if (!is_wanted(state, 0) && !is_wanted(state, 1)) return;
  if (now.instant < state.next_reclaim) {
    state.reclaim_due = state.next_reclaim;
    return;
  }
  state.next_reclaim = now.instant + state.settings.reclaim_pause * static_cast<std::int64_t>(state.leases.size());
  for (std::size_t lane = 0; lane < kLanes; ++lane) {
    if (is_idle(state, lane)) reclaim_for_idle(state, static_cast<Lane>(lane), out);
    if (!state.runnable[lane].empty()) reclaim_for_deserving(state, static_cast<Lane>(lane), now, out);
  }
}

}  // namespace brigade::broker
