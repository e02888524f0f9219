#include "broker/core/placement.h"

#include <algorithm>
#include <tuple>

#include "broker/core/leases.h"

namespace brigade::broker {
namespace {

std::uint32_t slots_for(const Worker& worker, const Placement& placement) {
  return std::min(placement.per_worker, worker.slots[static_cast<std::size_t>(placement.lane)]);
}

/// The placement of the job on this worker, if it offers the kind and has slots for it.
std::optional<Placement> placement_on(const Worker& worker, const Job& job) {
  const KindOffer* offer = worker.offer(job.spec.kind);
  if (offer == nullptr || worker.draining) return std::nullopt;
  const Placement placement = placement_of(job.spec.mode, offer->preferred);
  if (slots_for(worker, placement) == 0) return std::nullopt;
  return placement;
}

/// How full the worker's lane is: 1 when every slot has a task, 2 when as many wait.
double fullness(const Worker& worker, Lane lane) {
  const auto at = static_cast<std::size_t>(lane);
  return static_cast<double>(worker.units[at]) / static_cast<double>(worker.slots[at]);
}

/// Whether the worker's window, and the job's ceilings, leave room for another lease.
bool has_room(const State& state, const Job& job, const Worker& worker, const Placement& placement) {
  if (worker.reserved || worker.exclusive) return false;
  const std::uint64_t rounds = state.settings.window_rounds;
  const auto lane = static_cast<std::size_t>(placement.lane);
  if (worker.units[lane] >= rounds * worker.slots[lane]) return false;
  const auto it = worker.units_of.find(job.id);
  const std::uint64_t units = it == worker.units_of.end() ? 0 : it->second;
  if (units >= rounds * slots_for(worker, placement)) return false;
  if (placement.per_job == kUnlimited || job.leases.empty()) return true;
  // A ceiling per job is kept by keeping the job at one worker, which runs at most that many of it at once.
  return state.leases.at(*job.leases.begin()).worker == worker.peer && units < rounds * placement.per_job;
}

/// Slots of all workers that could run the job.
std::uint64_t total_slots(const State& state, const Job& job) {
  std::uint64_t total = 0;
  for (const auto& [peer, worker] : state.workers)
    if (const auto placement = placement_on(worker, job)) total += slots_for(worker, *placement);
  return std::max<std::uint64_t>(1, total);
}

struct Choice {
  Worker* worker = nullptr;
  Placement placement;
};

/// The emptiest worker with room; the smallest peer among equals, so that the same events give the same choice.
Choice best_worker(State& state, const Job& job) {
  Choice best;
  double best_fullness = 0;
  for (auto& [peer, worker] : state.workers) {
    const auto placement = placement_on(worker, job);
    if (!placement || !has_room(state, job, worker, *placement)) continue;
    const double full = fullness(worker, placement->lane);
    if (best.worker == nullptr || std::tie(full, peer) < std::tie(best_fullness, best.worker->peer)) {
      best = {&worker, *placement};
      best_fullness = full;
    }
  }
  return best;
}

void grant(State& state, Job& job, const Choice& choice, const Waiting& waiting, Now now, Commands& out) {
  Worker& worker = *choice.worker;
  Held lease{.id = state.new_lease_id(), .job = job.id, .worker = worker.peer, .run = waiting.run};
  lease.open = RunSet(waiting.run);
  lease.trial = waiting.trial;
  lease.lane = choice.placement.lane;
  lease.cap = slots_for(worker, choice.placement);
  lease.granted = now.instant;
  lease.queued_ms = static_cast<float>(to_ms(now.instant - job.accepted));
  const Held& held = hold(state, std::move(lease));
  if (job.started_at.value == 0) {
    job.started_at = now.utc;
    job.started = now.instant;
  }
  const double served_ms = static_cast<double>(waiting.run.count) * (job.cost.known ? job.cost.run_ms : 1.0);
  job.service_ms += served_ms;
  job.served = now.instant;
  state.shares.at(job.client).service_ms += served_ms;
  out.push_back(SendLease{worker.peer, Lease{.id = held.id,
                                             .job = job.id,
                                             .run = waiting.run,
                                             .attempt = waiting.trial.attempts + 1,
                                             .last_attempt = waiting.trial.failures >= job.spec.retries,
                                             .brief = {job.spec.kind, job.spec.options, job.spec.mode,
                                                       job.spec.task_timeout, job.spec.range}}});
  touch(state, job);
}

/// A suspect goes to a worker that holds nothing else; when none is empty, one is emptied for it.
bool grant_suspect(State& state, Job& job, Now now, Commands& out) {
  Worker* emptiest = nullptr;
  for (auto& [peer, worker] : state.workers) {
    if (!placement_on(worker, job) || worker.exclusive) continue;
    const auto rank = [](const Worker& w) {  // an empty one, even when another was asked to become empty
      return std::make_tuple(!w.leases.empty(), !w.reserved, w.leases.size(), w.peer);
    };
    if (emptiest == nullptr || rank(worker) < rank(*emptiest)) emptiest = &worker;
  }
  if (emptiest == nullptr) return false;
  if (!emptiest->leases.empty()) {
    if (emptiest->reserved) return false;
    emptiest->reserved = true;
    for (const LeaseId id : emptiest->leases)
      if (Held& held = state.leases.at(id); !std::exchange(held.reclaiming, true))
        send(emptiest->peer, Reclaim{id}, out);
    return false;
  }
  const std::uint64_t grain = job.suspect.peek(false)->trial.grain;
  emptiest->reserved = false;
  emptiest->exclusive = true;
  grant(state, job, {emptiest, *placement_on(*emptiest, job)}, *job.suspect.take(grain, false), now, out);
  return true;
}

bool grant_one(State& state, Job& job, Now now, Commands& out) {
  if (!job.suspect.empty()) {
    // A suspect has a worker of its own, so a job that may be with one worker only runs its suspects alone, and first.
    const bool at_one_place = placement_of(job.spec.mode, Lane::threads).per_job != kUnlimited;
    if (at_one_place && !job.leases.empty()) return false;
    if (grant_suspect(state, job, now, out)) return true;
    if (at_one_place) return false;
  }
  if (job.ready.empty()) return false;
  const Choice choice = best_worker(state, job);
  if (choice.worker == nullptr) return false;
  const std::uint64_t size = lease_size(state, job, *choice.worker, choice.placement);
  grant(state, job, choice, *job.ready.take(size, job.dear_end_last()), now, out);
  return true;
}

/// Runnable jobs, the most deserving first.
std::vector<Job*> ranked(State& state) {
  std::vector<Job*> jobs;
  for (const JobId id : state.runnable) jobs.push_back(&state.jobs.at(id));
  const auto rank = [&](const Job* job) {
    return std::make_tuple(state.shares.at(job->client).service_ms, std::cref(job->client),
                           -std::int64_t{job->spec.priority}, job->service_ms, job->id);
  };
  std::ranges::sort(jobs, [&](const Job* a, const Job* b) { return rank(a) < rank(b); });
  return jobs;
}

/// Frees a reserved worker when no suspect that it could take is left.
void release_reservations(State& state) {
  for (auto& entry : state.workers) {
    Worker& worker = entry.second;
    if (!worker.reserved) continue;
    worker.reserved = std::ranges::any_of(state.runnable, [&](JobId id) {
      const Job& job = state.jobs.at(id);
      return !job.suspect.empty() && placement_on(worker, job);
    });
  }
}

bool is_idle(const Worker& worker, Lane lane) {
  const auto at = static_cast<std::size_t>(lane);
  return worker.units[at] < worker.slots[at] && !worker.draining && !worker.reserved && !worker.exclusive;
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

/// A lease with unstarted tasks, and how long they would wait.
struct Queue {
  Held* lease;
  double ms;
};
using Queues = std::map<JobId, std::vector<Queue>>;

/// Queues that others could shorten, by job, the longest last (of equal ones the oldest lease).
Queues long_queues(State& state, Lane lane) {
  Queues queues;
  for (auto& [id, lease] : state.leases) {
    if (lease.reclaiming || lease.lane != lane || lease.trial.grain > 0) continue;
    const Job& job = state.jobs.at(lease.job);
    if (placement_of(job.spec.mode, lane).per_job != kUnlimited) continue;
    const std::uint64_t surplus = surplus_of(state, lease);
    const double task_ms = job.cost.known ? job.cost.run_ms : 1e3;
    const double queue_ms = static_cast<double>(surplus) * task_ms / lease.cap;
    if (surplus > 0 && queue_ms >= to_ms(state.settings.reclaim_above)) queues[job.id].push_back({&lease, queue_ms});
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

void reclaim_for_idle(State& state, Commands& out) {
  for (std::size_t lane = 0; lane < kLanes; ++lane) {
    std::vector<PeerId> idle;
    for (const auto& [peer, worker] : state.workers)
      if (is_idle(worker, static_cast<Lane>(lane))) idle.push_back(peer);
    if (idle.empty() || state.leases.empty()) continue;
    Queues queues = long_queues(state, static_cast<Lane>(lane));
    if (queues.empty()) continue;
    std::ranges::sort(idle);
    for (const PeerId peer : idle) {
      Held* lease = take_longest(state, state.workers.at(peer), static_cast<Lane>(lane), queues);
      if (lease == nullptr) continue;
      lease->reclaiming = true;
      send(lease->worker, Reclaim{lease->id}, out);
    }
  }
}

/// Whether `lease` belongs to a job that has less right to its slots than `job`.
bool ranks_below(const State& state, const Held& lease, const Job& job) {
  const Job& other = state.jobs.at(lease.job);
  if (other.id == job.id) return false;
  if (other.client != job.client)
    return state.shares.at(other.client).service_ms > state.shares.at(job.client).service_ms;
  if (other.spec.priority != job.spec.priority) return other.spec.priority < job.spec.priority;
  return other.service_ms > job.service_ms;
}

}  // namespace

std::uint64_t lease_size(const State& state, const Job& job, const Worker& worker, const Placement& placement) {
  const Settings& settings = state.settings;
  const std::uint64_t cap = slots_for(worker, placement);
  const std::uint64_t share = job.ready.count() / (2 * total_slots(state, job));
  std::uint64_t size = std::max({share, cap / 8, std::uint64_t{1}});
  const auto at_most = [&size](double bound) {
    if (static_cast<double>(size) > bound) size = std::max<std::uint64_t>(1, static_cast<std::uint64_t>(bound));
  };
  const auto slots = static_cast<double>(cap);
  if (job.cost.known && job.cost.run_ms > 0)
    at_most(std::max(slots * to_ms(settings.lease_time) / job.cost.run_ms, slots / 8));
  if (!job.cost.known) at_most(static_cast<double>(settings.first_lease_tasks) * slots);
  const double bytes = std::max(job.argument_bytes, job.cost.result_bytes);
  if (bytes > 0) at_most(static_cast<double>(settings.lease_bytes_max) / bytes);
  return std::min(size, settings.lease_tasks_max);
}

void place(State& state, Now now, Commands& out) {
  if (!std::exchange(state.idle_hands, false)) return;
  if (!state.trouble.empty() || state.workers.empty()) return;
  release_reservations(state);
  for (bool granted = true; granted;) {
    granted = false;
    for (Job* job : ranked(state))
      if (grant_one(state, *job, now, out)) {
        granted = true;
        break;
      }
  }
  reclaim_for_idle(state, out);
  state.idle_hands = false;
}

void reclaim_for_starving(State& state, Now now, Commands& out) {
  for (const Job* job : ranked(state)) {
    if (now.instant - job->served < state.settings.starving_after) continue;
    for (auto& [peer, worker] : state.workers) {
      const auto placement = placement_on(worker, *job);
      if (!placement || worker.reserved || worker.exclusive) continue;
      for (auto it = worker.leases.rbegin(); it != worker.leases.rend(); ++it) {
        Held& lease = state.leases.at(*it);
        if (lease.lane != placement->lane || lease.reclaiming || !ranks_below(state, lease, *job)) continue;
        if (surplus_of(state, lease) == 0) continue;
        lease.reclaiming = true;
        send(peer, Reclaim{lease.id}, out);
        break;
      }
    }
  }
}

}  // namespace brigade::broker
