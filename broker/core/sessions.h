// Who is connected: Hello, signs of life, and what becomes of a worker's leases when it goes.
#pragma once

#include "broker/core/state.h"

namespace brigade::broker {

void on_worker_hello(State& state, PeerId peer, const std::string& address, const WorkerHello& hello, Now now,
                     Commands& out);
void on_client_hello(State& state, PeerId peer, const std::string& address, const ClientHello& hello, Now now,
                     Commands& out);
void on_heartbeat(State& state, Worker& worker, const Heartbeat& heartbeat, Now now, Commands& out);
void on_returned(State& state, Worker& worker, const Returned& returned, Now now, Commands& out);

enum class End {
  lost,  ///< its tasks are lost with a worker
  left,  ///< a worker went on purpose: what it leaves behind is as before
};
/// Ends the peer's session, whatever it was.
void end_session(State& state, PeerId peer, End end, Now now, Commands& out);
/// Says why, and ends the session.
void refuse(State& state, PeerId peer, Error error, Now now, Commands& out);
/// Pings everybody and ends the sessions of those who fell silent.
void ping_all(State& state, Now now, Commands& out);

}  // namespace brigade::broker
