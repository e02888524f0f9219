// Who gets the next lease, and how large it is.
//
// Order: clients share equally (least served first); inside one client higher priorities first, equal ones share.
// Size: what is left of the job divided by twice the slots, within bounds of time, tasks and bytes; a wrong guess is
// corrected by reclaim.
//
// Where: the emptiest worker; of a job with a ceiling on workers its crew stays (crew.h).
//
// A placement costs what it grants: workers with room and runnable jobs stand in order, and nobody else is looked at.
#pragma once

#include "broker/core/state.h"

namespace brigade::broker {

/// Grants leases until no job can be placed any more, then asks back what idle workers could take.
void place(State& state, Now now, Commands& out);
/// Whether the job's ceilings let the worker have another lease, however much it has of other jobs.
bool may_have_more(const State& state, const Job& job, const Worker& worker, const Placement& placement);
/// The same, and the worker has room for it.
bool has_room(const State& state, const Job& job, const Worker& worker, const Placement& placement);
/// Tasks that a worker would get of the job in its next lease. Exposed for tests.
std::uint64_t lease_size(const State& state, const Job& job, const Worker& worker, const Placement& placement);

}  // namespace brigade::broker
