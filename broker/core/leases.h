// Leases: handing out, shrinking and closing them, with the sums that placement reads.
#pragma once

#include "broker/core/state.h"

namespace brigade::broker {

/// Gives the lease to its worker. REQUIRES: its tasks are in no other set of the job, or it is a hedge.
Held& hold(State& state, Held lease);
/// What the worker is told of it.
SendLease order_of(const Job& job, const Held& lease);
/// Moves an open lease to another connection of the same worker.
void move_lease(State& state, Held& lease, Worker& to);
/// Takes `runs` out of the lease's open part; closes it when nothing is left. The reference is dead then.
void shrink(State& state, Held& lease, const Runs& runs);
/// Closes the lease and hands back what was open.
Runs close(State& state, LeaseId id);

/// What became of tasks whose lease is over without their outcome.
enum class Fate {
  not_started,  ///< given back, or never arrived: as before
  lost,         ///< with their worker, which held other leases too: one of them may have killed it
  lost_alone,   ///< with their worker, which held nothing else
};
/// Closes the lease; its open tasks become ready again, suspect, or failed after too many kills.
void give_up(State& state, LeaseId id, Fate fate, Now now, Commands& out);

}  // namespace brigade::broker
