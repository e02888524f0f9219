// After a restart: jobs from the store become live again; and what is older than promised is forgotten.
#pragma once

#include "broker/core/state.h"

namespace brigade::broker {

void recover(State& state, std::vector<RecoveredJob> jobs, Now now, Commands& out);
/// Forgets final jobs whose time of keeping is over. Compares labels (UTC), since it spans restarts.
void forget_old(State& state, Now now, Commands& out);

}  // namespace brigade::broker
