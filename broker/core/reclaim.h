// What is asked back: unstarted work of long queues, for workers that idle and for jobs that deserve more.
//
// It is a request; the tasks stay leased until the worker says which it has not started and never will.
#pragma once

#include "broker/core/state.h"

namespace brigade::broker {

/// Looks at the queues if somebody could want something of them, but not too often (Settings::reclaim_pause).
void reclaim(State& state, Now now, Commands& out);

}  // namespace brigade::broker
