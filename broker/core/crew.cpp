#include "broker/core/crew.h"

#include <algorithm>

namespace brigade::broker {
namespace {

/// Most workers at a time.
std::uint32_t places_of(const Job& job) {
  return placement_of(job.spec.mode, Lane::threads, job.spec.ceilings).workers;
}

/// Whether a worker of the crew keeps its place.
bool stays(const State& state, const Job& job, PeerId peer) {
  const auto it = state.workers.find(peer);
  if (it == state.workers.end()) return false;
  const Worker& worker = it->second;
  if (worker.units_of.contains(job.id)) return true;
  const KindOffer* offer = worker.offer(job.spec.kind);
  if (offer == nullptr) return false;
  const auto lane = static_cast<std::size_t>(placement_of(job.spec.mode, offer->preferred).lane);
  return worker.room[lane] && worker.units[lane] < worker.slots[lane];
}

}  // namespace

bool is_crew_full(const State& state, const Job& job) {
  return job.crew.size() >= places_of(job) &&
         std::ranges::all_of(job.crew, [&](PeerId peer) { return stays(state, job, peer); });
}

bool admits(const State& state, const Job& job, const Worker& worker) {
  return job.crew.contains(worker.peer) || !is_crew_full(state, job);
}

void join_crew(const State& state, Job& job, const Worker& worker) {
  if (places_of(job) == kUnlimited || job.crew.contains(worker.peer)) return;
  if (job.crew.size() >= places_of(job)) std::erase_if(job.crew, [&](PeerId peer) { return !stays(state, job, peer); });
  job.crew.insert(worker.peer);
}

}  // namespace brigade::broker
