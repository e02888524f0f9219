// How tasks end: blocks of results, retries, poison, and jobs that are cut short.
#pragma once

#include "broker/core/state.h"

namespace brigade::broker {

/// Takes what is new in a worker's block, stores it, and acknowledges the block once it is stored.
void on_block(State& state, Worker& worker, const Block& block, Now now, Commands& out);
/// A task that took too many workers with it.
void fail_as_poison(State& state, Job& job, std::uint64_t index, const Trial& trial, Commands& out);
/// The tasks of a lease whose arguments cannot be read fail.
void fail_unreadable(State& state, LeaseId lease, const Error& error, Now now, Commands& out);
/// Cuts the job when it has more failures than it bears.
void cut_if_over_fail_limit(State& state, Job& job, Now now, Commands& out);
/// Ends every task that is not final with `status` (cancelled, deadline or max_fails).
void cut(State& state, Job& job, TaskStatus status, Now now, Commands& out);
/// A block is on disk: its rows are visible; perhaps the job is final.
void on_block_committed(State& state, Job& job, std::uint64_t position, Now now, Commands& out);
/// Once all tasks are final and on disk: the job is final.
void finish_if_complete(State& state, Job& job, Now now, Commands& out);

}  // namespace brigade::broker
