// The crew of a job that may be with so many workers at a time: those that have its tasks, or had them last.
//
// A worker joins with its first lease and stays while it is connected, so that a job does not wander from worker to
// worker. Its place is another's once it holds nothing of the job and could not begin a task of it now: it is gone or
// draining, all its slots are taken, or it is kept for a suspect. So a job never waits for a place that is not used.
#pragma once

#include "broker/core/state.h"

namespace brigade::broker {

/// Whether the worker may have tasks of the job: it is of the crew, or there is a place in it.
bool admits(const State& state, const Job& job, const Worker& worker);
/// Whether nobody but the crew may have its tasks now. Never so for a job that may be with any number of workers.
bool is_crew_full(const State& state, const Job& job);
/// The worker has been given a lease of the job. REQUIRES: it was admitted before.
void join_crew(const State& state, Job& job, const Worker& worker);

}  // namespace brigade::broker
