#include "broker/core/roster.h"

#include <algorithm>

namespace brigade::broker {
namespace {

std::size_t at(Lane lane) {
  return static_cast<std::size_t>(lane);
}

/// Jobs of a kind that nobody offered, or that nobody offers any more, change whether they are runnable.
void touch_jobs_of(State& state, const std::string& kind) {
  for (const JobId id : state.accepted)
    if (Job& job = state.jobs.at(id); job.spec.kind == kind && !job.is_final()) touch(state, job);
}

void add_offer(State& state, const Worker& worker, const KindOffer& offer) {
  Supply& supply = state.supplies[offer.name];
  for (std::size_t lane = 0; lane < kLanes; ++lane) {
    supply.slots[lane] += worker.slots[lane];
    supply.with_slots[lane] += worker.slots[lane] > 0 ? 1 : 0;
  }
  if (supply.workers++ > 0) return;
  supply.preferred = offer.preferred;
  touch_jobs_of(state, offer.name);
}

void remove_offer(State& state, const Worker& worker, const KindOffer& offer) {
  Supply& supply = state.supplies.at(offer.name);
  for (std::size_t lane = 0; lane < kLanes; ++lane) {
    supply.slots[lane] -= worker.slots[lane];
    supply.with_slots[lane] -= worker.slots[lane] > 0 ? 1 : 0;
  }
  if (--supply.workers > 0) return;
  state.supplies.erase(offer.name);
  touch_jobs_of(state, offer.name);
}

void set_room(State& state, Worker& worker, std::size_t lane, std::optional<double> room) {
  std::optional<double>& now = worker.room[lane];
  if (now == room) return;
  if (now) state.open[lane].erase({*now, worker.peer});
  if (room) state.open[lane].emplace(*room, worker.peer);
  now = room;
}

}  // namespace

void enlist(State& state, Worker& worker) {
  require(!worker.enlisted);
  worker.enlisted = true;
  if (!worker.draining)
    for (const KindOffer& offer : worker.kinds) add_offer(state, worker, offer);
  note_room(state, worker);
}

void dismiss(State& state, Worker& worker) {
  require(worker.enlisted);
  worker.enlisted = false;
  if (!worker.draining)
    for (const KindOffer& offer : worker.kinds) remove_offer(state, worker, offer);
  worker.reserved = false;
  state.reserved.erase(worker.peer);
  note_room(state, worker);
}

void begin_draining(State& state, Worker& worker) {
  if (worker.draining) return;
  dismiss(state, worker);
  worker.draining = true;
  enlist(state, worker);
}

void note_room(State& state, Worker& worker) {
  const bool free = worker.enlisted && !worker.draining && !worker.reserved && !worker.exclusive;
  for (std::size_t lane = 0; lane < kLanes; ++lane) {
    const std::uint64_t window = std::uint64_t{state.settings.window_rounds} * worker.slots[lane];
    const bool open = free && worker.units[lane] < window;
    set_room(state, worker, lane, open ? std::optional(fullness(worker, static_cast<Lane>(lane))) : std::nullopt);
  }
}

Placement placement_of(const State& state, const Job& job) {
  return brigade::placement_of(job.spec.mode, state.supplies.at(job.spec.kind).preferred, job.spec.ceilings);
}

std::uint64_t slots_for(const State& state, const Job& job, const Placement& placement) {
  const auto it = state.supplies.find(job.spec.kind);
  if (it == state.supplies.end()) return 1;
  const Supply& supply = it->second;
  const std::uint64_t workers = std::max<std::uint64_t>(1, supply.with_slots[at(placement.lane)]);
  // Only sums are kept, so where workers differ a ceiling makes an estimate of it.
  const std::uint64_t slots = std::min(supply.slots[at(placement.lane)], workers * placement.per_worker);
  const std::uint64_t used = std::min<std::uint64_t>(workers, placement.workers);
  return std::max<std::uint64_t>(1, slots * used / workers);
}

double fullness(const Worker& worker, Lane lane) {
  return static_cast<double>(worker.units[at(lane)]) / static_cast<double>(worker.slots[at(lane)]);
}

std::uint32_t slots_on(const Worker& worker, const Placement& placement) {
  return std::min(placement.per_worker, worker.slots[at(placement.lane)]);
}

std::optional<Placement> placement_on(const Worker& worker, const Job& job) {
  const KindOffer* offer = worker.offer(job.spec.kind);
  if (offer == nullptr || worker.draining) return std::nullopt;
  const Placement placement = brigade::placement_of(job.spec.mode, offer->preferred, job.spec.ceilings);
  if (slots_on(worker, placement) == 0) return std::nullopt;
  return placement;
}

}  // namespace brigade::broker
