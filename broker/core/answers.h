// Questions and orders of clients: what is there, why does it not go on, cancel, forget, drain.
#pragma once

#include "broker/core/state.h"

namespace brigade::broker {

void on_ask(State& state, Client& client, const Ask& ask, Now now, Commands& out);
/// Removes a final or unsealed job from memory and disk.
void forget(State& state, Job& job, Commands& out);

}  // namespace brigade::broker
