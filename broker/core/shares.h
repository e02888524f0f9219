// Equal shares: what clients and jobs were given is the time that their tasks took, and what their leases will take.
//
// Who comes begins where the others are (start-time fair queueing, Goyal, Vin and Cheng 1996): beside the job, or the
// client, that was granted a lease last. So nobody catches up on the time that he was away.
#pragma once

#include "broker/core/state.h"

namespace brigade::broker {

/// A job becomes one of its client's unfinished jobs.
void join_shares(State& state, Job& job);
/// It is final.
void leave_shares(State& state, const Job& job);
/// Counts anew what the job's leases will take, and ranks it, or takes it out of the ranking.
void recount(State& state, Job& job);
/// So many executions of its tasks took so long, all together.
void charge(State& state, Job& job, std::uint64_t tasks, double ran_ms);
/// A lease of the job was granted.
void advance_clocks(State& state, const Job& job);

}  // namespace brigade::broker
