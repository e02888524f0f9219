// The workers as placement sees them: what all of them together could take of a kind, and who has room now.
#pragma once

#include "broker/core/state.h"

namespace brigade::broker {

/// Counts a worker in, or out: when it comes and goes, and around each change of its kinds, slots or draining.
void enlist(State& state, Worker& worker);
void dismiss(State& state, Worker& worker);
/// It gets no new work.
void begin_draining(State& state, Worker& worker);
/// Puts the worker where it belongs among those with room, after a change of its leases or of who may use it.
void note_room(State& state, Worker& worker);

/// Where the job's tasks run: its mode's lane, or the one that its kind prefers. REQUIRES: some worker offers the kind.
Placement placement_of(const State& state, const Job& job);
/// Slots that the job may have of all workers, roughly; at least 1.
std::uint64_t slots_for(const State& state, const Job& job, const Placement& placement);

/// How full the worker's lane is: 1 when every slot has a task, 2 when as many wait.
double fullness(const Worker& worker, Lane lane);
/// Tasks of the placement that the worker runs at once.
std::uint32_t slots_on(const Worker& worker, const Placement& placement);
/// The placement of the job on this worker, if it offers the kind and has slots for it.
std::optional<Placement> placement_on(const Worker& worker, const Job& job);

}  // namespace brigade::broker
