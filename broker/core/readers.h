// Clients that read results or watch a job.
#pragma once

#include "broker/core/state.h"

namespace brigade::broker {

void on_read(State& state, PeerId peer, const Read& read, Commands& out);
void on_take(State& state, PeerId peer, const Take& take, Commands& out);
void on_stop_reading(State& state, PeerId peer, RequestId reader);
void on_page_sent(State& state, const PageSent& sent, Commands& out);
void on_page_unreadable(State& state, const PageUnreadable& page, Commands& out);
void on_watch(State& state, PeerId peer, const Watch& watch, Now now, Commands& out);

/// More of the job became visible, or it became final.
void feed_readers(State& state, const Job& job, Commands& out);
void tell_watchers(State& state, const Job& job, Now now, Commands& out);
/// Tells the watchers of every job that changed since the last time.
void tell_all_watchers(State& state, Now now, Commands& out);
/// The client is gone.
void drop_readers(State& state, PeerId peer);
/// The job is gone.
void end_readers(State& state, JobId job, Commands& out);

}  // namespace brigade::broker
