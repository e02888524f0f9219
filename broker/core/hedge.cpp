#include "broker/core/hedge.h"

#include <algorithm>

#include "broker/core/leases.h"
#include "broker/core/placement.h"
#include "broker/core/roster.h"

namespace brigade::broker {
namespace {

/// Whether all that is left of the job runs, and how long its tasks take is known.
bool is_near_end(const State& state, const Job& job) {
  const bool all_leased = !job.has_ready() && !job.leases.empty();
  return all_leased && job.cost.known && state.supplies.contains(job.spec.kind);
}

/// When the lease's tasks count as stragglers; kNever for those that must not run twice.
Instant straggler_at(const State& state, const Job& job, const Held& lease) {
  if (lease.trial.grain > 0) return kNever;  // perhaps it kills workers
  // Unstarted tasks are asked back first. A worker that does not answer is late with all of them.
  if (lease.open.count() > lease.cap && !lease.reclaiming) return kNever;
  const auto limit = std::chrono::duration<double, std::milli>(state.settings.hedge_factor * job.cost.run_ms);
  return std::max(lease.granted, lease.progressed) +
         std::max(state.settings.hedge_above, std::chrono::duration_cast<Duration>(limit));
}

/// Whether a task of the run has a second run, or had one that failed.
bool had_its_chance(const State& state, const Job& job, Run run) {
  if (!job.hedge_failed.within(run).empty()) return true;
  return std::ranges::any_of(job.hedges, [&](LeaseId id) { return !state.leases.at(id).open.within(run).empty(); });
}

/// An idle worker other than `first`, with room for the job.
Worker* idle_worker(State& state, const Job& job, PeerId first) {
  const auto lane = static_cast<std::size_t>(placement_of(state, job).lane);
  for (const auto& [full, peer] : state.open[lane]) {
    if (full >= 1) return nullptr;
    Worker& worker = state.workers.at(peer);
    const auto placement = placement_on(worker, job);
    if (peer != first && placement && has_room(state, job, worker, *placement)) return &worker;
  }
  return nullptr;
}

void run_again(State& state, const Job& job, const Held& first, Run run, Worker& worker, Now now, Commands& out) {
  const Placement placement = *placement_on(worker, job);
  Held lease{.id = state.new_lease_id(), .job = job.id, .worker = worker.peer, .run = run, .open = RunSet(run)};
  lease.hedge = true;
  lease.trial = first.trial;
  lease.lane = placement.lane;
  lease.cap = slots_on(worker, placement);
  lease.granted = now.instant;
  lease.queued_ms = first.queued_ms;
  out.push_back(order_of(job, hold(state, std::move(lease))));
}

void hedge(State& state, const Job& job, Now now, Commands& out) {
  std::vector<LeaseId> leases(job.leases.begin(), job.leases.end());
  std::ranges::sort(leases);
  for (const LeaseId id : leases) {
    const Held& lease = state.leases.at(id);
    if (const Instant due = straggler_at(state, job, lease); now.instant < due) {
      state.hedge_due = std::min(state.hedge_due, due);
      continue;
    }
    for (const Run& run : lease.open.runs()) {
      if (had_its_chance(state, job, run)) continue;
      Worker* worker = idle_worker(state, job, lease.worker);
      if (worker == nullptr) return;
      run_again(state, job, state.leases.at(id), run, *worker, now, out);
    }
  }
}

}  // namespace

void hedge(State& state, Now now, Commands& out) {
  state.hedge_due = kNever;
  if (state.hedging.empty()) return;
  if (now.instant < state.next_hedge) {
    state.hedge_due = state.next_hedge;
    return;
  }
  state.next_hedge = now.instant + state.settings.hedge_pause;
  for (const JobId id : state.hedging)
    if (const Job& job = state.jobs.at(id); is_near_end(state, job)) hedge(state, job, now, out);
}

}  // namespace brigade::broker
