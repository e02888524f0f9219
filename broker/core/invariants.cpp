#include <algorithm>

#include "broker/core/broker.h"
#include "broker/core/permits.h"
#include "broker/core/roster.h"

namespace brigade::broker {
namespace {

/// Never more workers than its ceiling says have leases of a job, second runs included.
void check_crew(const State& state, const Job& job) {
  const std::uint32_t most = placement_of(job.spec.mode, Lane::threads, job.spec.ceilings).workers;
  if (most == kUnlimited) return;
  std::set<PeerId> workers;
  for (const LeaseId id : job.leases) workers.insert(state.leases.at(id).worker);
  for (const LeaseId id : job.hedges) workers.insert(state.leases.at(id).worker);
  require(workers.size() <= most && job.crew.size() <= most);
  require(std::ranges::includes(job.crew, workers));
}

void check_job(const State& state, const Job& job) {
  RunSet seen;
  std::uint64_t total = 0;
  const auto count = [&](Run run) {
    total += run.count;
    seen.insert(run);
    require(run.end() <= job.tasks);
  };
  for (const WaitingRuns* set : {&job.ready, &job.suspect, &job.delayed})
    for (const Waiting& waiting : set->all()) count(waiting.run);
  std::uint64_t leased = 0;
  for (const LeaseId id : job.leases) {
    const Held& lease = state.leases.at(id);
    require(lease.job == job.id && !lease.open.empty() && !lease.hedge);
    leased += lease.open.count();
    for (const Run& run : lease.open.runs()) count(run);
  }
  require(leased == job.leased);
  check_crew(state, job);
  for (const LeaseId id : job.hedges)
    for (const Run& run : state.leases.at(id).open.runs()) require(job.done.within(run).empty());
  for (const Run& run : job.done.runs()) count(run);
  require(total == job.tasks && seen.count() == job.tasks);  // each task in exactly one set
  require(job.log_rows == job.done.count() && job.visible_rows <= job.log_rows);
  std::uint64_t visible = 0;
  for (const std::uint64_t number : job.by_status) visible += number;
  require(visible == job.visible_rows);
  const bool runnable = !job.cut && job.has_ready() && state.supplies.contains(job.spec.kind);
  for (std::size_t lane = 0; lane < kLanes; ++lane)
    require(state.runnable[lane].contains(job.id) ==
            (runnable && static_cast<std::size_t>(placement_of(state, job).lane) == lane));
  require(state.suspects.contains(job.id) == (runnable && !job.suspect.empty()));
}

void check_worker(const State& state, const Worker& worker) {
  std::array<std::uint64_t, kLanes> units{}, tasks{};
  for (const LeaseId id : worker.leases) {
    const Held& lease = state.leases.at(id);
    require(lease.worker == worker.peer);
    units[static_cast<std::size_t>(lease.lane)] += lease.units();
    tasks[static_cast<std::size_t>(lease.lane)] += lease.open.count();
    if (worker.exclusive) require(worker.leases.size() == 1 && lease.trial.grain > 0);
  }
  require(units == worker.units && tasks == worker.open_tasks);
  require(worker.enlisted && state.reserved.contains(worker.peer) == worker.reserved);
  for (std::size_t lane = 0; lane < kLanes; ++lane) {
    const bool free = !worker.draining && !worker.reserved && !worker.exclusive;
    const bool room = free && units[lane] < std::uint64_t{state.settings.window_rounds} * worker.slots[lane];
    require(worker.room[lane].has_value() == room);
    if (room) require(state.open[lane].contains({fullness(worker, static_cast<Lane>(lane)), worker.peer}));
  }
}

void check_supplies(const State& state) {
  std::map<std::string, std::uint32_t> workers;
  std::array<std::size_t, kLanes> open{};
  for (const auto& [peer, worker] : state.workers) {
    for (std::size_t lane = 0; lane < kLanes; ++lane) open[lane] += worker.room[lane] ? 1 : 0;
    if (!worker.draining)
      for (const KindOffer& offer : worker.kinds) ++workers[offer.name];
  }
  for (std::size_t lane = 0; lane < kLanes; ++lane) require(state.open[lane].size() == open[lane]);
  require(workers.size() == state.supplies.size());
  for (const auto& [kind, count] : workers) require(state.supplies.at(kind).workers == count);
}

}  // namespace

void Broker::check_invariants() const {
  for (const auto& [id, job] : state_.jobs)
    if (job.sealed && !job.is_final()) check_job(state_, job);
  for (const auto& [peer, worker] : state_.workers) {
    check_worker(state_, worker);
    require(state_.instances.at(worker.instance) == peer);
  }
  check_supplies(state_);
  for (const auto& [id, lease] : state_.leases) {
    const Job& job = state_.jobs.at(lease.job);
    require(lease.hedge ? job.hedges.contains(id) : job.leases.contains(id));
    require(state_.workers.at(lease.worker).leases.contains(id));
  }
  for (const auto& [id, job] : state_.jobs) {
    require(state_.limited.contains(id) == (job.permits != nullptr) && !(job.permits && (job.cut || job.is_final())));
    if (job.permits) job.permits->check_invariants();
  }
  for (const auto& [key, reader] : state_.readers) require(state_.readers_of.at(reader.read.job).contains(key));
}

}  // namespace brigade::broker
