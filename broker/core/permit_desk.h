// Where workers ask for permits: each job with limits has its own (permits.h).
#pragma once

#include "broker/core/state.h"

namespace brigade::broker {

void on_want(State& state, const Worker& worker, const Want& want, Now now, Commands& out);
void on_release(State& state, const Worker& worker, const Release& release, Now now, Commands& out);
void on_hold(State& state, const Hold& hold, Now now, Commands& out);
/// The worker's session is over: what it had and wanted of every job is others'.
void forget_permits(State& state, PeerId worker, Now now, Commands& out);
/// Gives what is due.
void grant_permits(State& state, Job& job, Now now, Commands& out);
/// Nothing of the job will run any more.
void close_permits(State& state, Job& job);

}  // namespace brigade::broker
