// A second run of stragglers: near the end of a job that asks for it, tasks that take much longer than its others run
// on an idle worker, too. The first result counts.
//
// The second run is a lease beside the one that has the tasks (Held::hedge). Its successes count like anybody's; its
// failures never do, and what it loses or returns is nobody's loss: the first lease still has the tasks.
#pragma once

#include "broker/core/state.h"

namespace brigade::broker {

/// Gives stragglers to idle workers, but does not look too often (Settings::hedge_pause).
void hedge(State& state, Now now, Commands& out);

}  // namespace brigade::broker
