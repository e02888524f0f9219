// Submitting: Open, Chunk, Seal. A job exists for everyone once its seal is on disk.
#pragma once

#include "broker/core/state.h"

namespace brigade::broker {

void on_open(State& state, Client& client, const Open& open, Now now, Commands& out);
void on_chunk(State& state, Client& client, const Chunk& chunk, Now now, Commands& out);
void on_seal(State& state, Client& client, const Seal& seal, Now now, Commands& out);
void on_seal_committed(State& state, Job& job, Now now, Commands& out);
/// Makes a sealed job's tasks ready: after its seal, and after a restart for those that are not done.
void accept(State& state, Job& job);
/// Forgets uploads that nobody touched for too long.
void expire_uploads(State& state, Now now, Commands& out);

}  // namespace brigade::broker
