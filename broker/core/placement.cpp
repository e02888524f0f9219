#include "broker/core/placement.h"

#include <algorithm>
#include <tuple>

#include "broker/core/crew.h"
#include "broker/core/hedge.h"
#include "broker/core/leases.h"
#include "broker/core/reclaim.h"
#include "broker/core/roster.h"
#include "broker/core/shares.h"

namespace brigade::broker {
namespace {

struct Choice {
  Worker* worker = nullptr;
  Placement placement;
};

/// The same where nobody but the crew may have the job's tasks: no other worker is looked at.
Choice best_of_crew(State& state, const Job& job) {
  Choice best;
  for (const PeerId peer : job.crew) {
    Worker& worker = state.workers.at(peer);
    const auto placement = placement_on(worker, job);
    if (!placement || !has_room(state, job, worker, *placement)) continue;
    const Lane lane = placement->lane;
    if (best.worker == nullptr || fullness(worker, lane) < fullness(*best.worker, lane)) best = {&worker, *placement};
  }
  return best;
}

/// The emptiest worker with room; the smallest peer among equals, so that the same events give the same choice.
Choice best_worker(State& state, const Job& job) {
  if (is_crew_full(state, job)) return best_of_crew(state, job);
  const Placement wanted = placement_of(state, job);
  for (const auto& [full, peer] : state.open[static_cast<std::size_t>(wanted.lane)]) {
    Worker& worker = state.workers.at(peer);
    const auto placement = placement_on(worker, job);
    if (placement && has_room(state, job, worker, *placement)) return {&worker, *placement};
  }
  return {};
}

void grant(State& state, Job& job, const Choice& choice, const Waiting& waiting, Now now, Commands& out) {
  Worker& worker = *choice.worker;
  Held lease{.id = state.new_lease_id(), .job = job.id, .worker = worker.peer, .run = waiting.run};
  lease.open = RunSet(waiting.run);
  lease.trial = waiting.trial;
  lease.lane = choice.placement.lane;
  lease.cap = slots_on(worker, choice.placement);
  lease.granted = now.instant;
  lease.queued_ms = static_cast<float>(to_ms(now.instant - job.accepted));
  advance_clocks(state, job);
  const Held& held = hold(state, std::move(lease));
  if (job.started_at.value == 0) {
    job.started_at = now.utc;
    job.started = now.instant;
  }
  out.push_back(order_of(job, held));
  touch(state, job);
}

void reserve(State& state, Worker& worker, Commands& out) {
  worker.reserved = true;
  state.reserved.insert(worker.peer);
  note_room(state, worker);
  for (const LeaseId id : worker.leases)
    if (Held& held = state.leases.at(id); !std::exchange(held.reclaiming, true)) send(worker.peer, Reclaim{id}, out);
}

void release(State& state, Worker& worker) {
  worker.reserved = false;
  state.reserved.erase(worker.peer);
  note_room(state, worker);
}

/// A suspect goes to a worker that holds nothing else; when none is empty, one is emptied for it.
bool grant_suspect(State& state, Job& job, Now now, Commands& out) {
  Worker* emptiest = nullptr;
  for (auto& [peer, worker] : state.workers) {
    if (!placement_on(worker, job) || worker.exclusive || !admits(state, job, worker)) continue;
    const auto rank = [](const Worker& w) {  // an empty one, even when another was asked to become empty
      return std::make_tuple(!w.leases.empty(), !w.reserved, w.leases.size(), w.peer);
    };
    if (emptiest == nullptr || rank(worker) < rank(*emptiest)) emptiest = &worker;
  }
  if (emptiest == nullptr) return false;
  if (!emptiest->leases.empty()) {
    if (!emptiest->reserved) reserve(state, *emptiest, out);
    return false;
  }
  const std::uint64_t grain = job.suspect.peek(false)->trial.grain;
  release(state, *emptiest);
  emptiest->exclusive = true;
  grant(state, job, {emptiest, *placement_on(*emptiest, job)}, *job.suspect.take(grain, false), now, out);
  return true;
}

bool grant_one(State& state, Job& job, Now now, Commands& out) {
  if (!job.suspect.empty()) {
    if (grant_suspect(state, job, now, out)) return true;
    // A suspect has a worker of its own, so a job that may be with one worker only runs its suspects first.
    if (placement_of(state, job).workers == 1) return false;
  }
  if (job.ready.empty()) return false;
  const Choice choice = best_worker(state, job);
  if (choice.worker == nullptr) return false;
  const std::uint64_t size = lease_size(state, job, *choice.worker, choice.placement);
  grant(state, job, choice, *job.ready.take(size, job.dear_end_last()), now, out);
  return true;
}

/// One lease to the most deserving job of the lane that somebody can take.
bool grant_next(State& state, std::size_t lane, Now now, Commands& out) {
  // Without an open worker only a suspect can go somewhere: to one that is emptied for it.
  if (state.open[lane].empty() && state.suspects.empty()) return false;
  return state.runnable[lane].visit([&](JobId id) { return grant_one(state, state.jobs.at(id), now, out); });
}

/// Frees reserved workers when no suspect that they could take is left.
void release_reservations(State& state) {
  const std::vector<PeerId> reserved(state.reserved.begin(), state.reserved.end());
  for (const PeerId peer : reserved) {
    Worker& worker = state.workers.at(peer);
    const bool awaited = std::ranges::any_of(state.suspects, [&](JobId id) {
      const Job& job = state.jobs.at(id);
      return placement_on(worker, job) && admits(state, job, worker);
    });
    if (!awaited) release(state, worker);
  }
}

}  // namespace

bool may_have_more(const State& state, const Job& job, const Worker& worker, const Placement& placement) {
  const auto it = worker.units_of.find(job.id);
  const std::uint64_t units = it == worker.units_of.end() ? 0 : it->second;
  const std::uint64_t window = std::uint64_t{state.settings.window_rounds} * slots_on(worker, placement);
  return units < window && admits(state, job, worker);
}

bool has_room(const State& state, const Job& job, const Worker& worker, const Placement& placement) {
  return worker.room[static_cast<std::size_t>(placement.lane)] && may_have_more(state, job, worker, placement);
}

std::uint64_t lease_size(const State& state, const Job& job, const Worker& worker, const Placement& placement) {
  const Settings& settings = state.settings;
  const std::uint64_t cap = slots_on(worker, placement);
  const std::uint64_t share = job.ready.count() / (2 * slots_for(state, job, placement));
  std::uint64_t size = std::max({share, cap / 8, std::uint64_t{1}});
  const auto at_most = [&size](double bound) {
    if (static_cast<double>(size) > bound) size = std::max<std::uint64_t>(1, static_cast<std::uint64_t>(bound));
  };
  const auto slots = static_cast<double>(cap);
  if (job.cost.known && job.cost.run_ms > 0) {
    const double least = to_ms(settings.lease_time_least) / job.cost.run_ms;
    size = std::max(size, static_cast<std::uint64_t>(std::min(least, static_cast<double>(settings.lease_tasks_max))));
    at_most(std::max(slots * to_ms(settings.lease_time) / job.cost.run_ms, slots / 8));
  }
  if (!job.cost.known) at_most(static_cast<double>(settings.first_lease_tasks) * slots);
  const double bytes = std::max(job.argument_bytes, job.cost.result_bytes);
  if (bytes > 0) at_most(static_cast<double>(settings.lease_bytes_max) / bytes);
  return std::min(size, settings.lease_tasks_max);
}

void place(State& state, Now now, Commands& out) {
  if (!std::exchange(state.idle_hands, false)) return;
  if (!state.trouble.empty() || state.workers.empty()) return;
  if (state.unstored_bytes > state.settings.unstored_bytes_max) return;  // until Committed
  release_reservations(state);
  for (std::size_t lane = 0; lane < kLanes; ++lane)
    while (grant_next(state, lane, now, out)) continue;
  reclaim(state, now, out);
  hedge(state, now, out);
  state.idle_hands = false;
}

}  // namespace brigade::broker
