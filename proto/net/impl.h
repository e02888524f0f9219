// ZeroMQ's side of the two sockets. Included by this folder's sources only.
#pragma once

#include <memory>
#include <string>
#include <vector>
#include <zmq.hpp>

#include "proto/net/socket.h"

namespace brigade::net {

struct Router::Impl {
  zmq::context_t context;
  zmq::socket_t socket{context, zmq::socket_type::router};
  std::vector<std::string> endpoints;
};

struct Dealer::Impl {
  explicit Impl(std::shared_ptr<zmq::context_t> shared) : context(std::move(shared)) {}
  std::shared_ptr<zmq::context_t> context;
  zmq::socket_t socket{*context, zmq::socket_type::dealer};
};

/// The options that both sockets share. Before any bind or connect: later ones do not apply.
void set_options(zmq::socket_t& socket);

/// Adds a received frame without copying its content.
Bytes to_bytes(zmq::message_t&& message);
/// A message of the frame's content; without a copy where it is large enough to be worth it.
zmq::message_t to_message(const Bytes& frame);

/// The rest of a message whose first part was received. Of a message of absurdly many frames only so many are kept as
/// let the codec see that they are too many.
Frames receive_frames(zmq::socket_t& socket, zmq::message_t first);
/// False when the queue is full or the peer is gone; then nothing was sent. REQUIRES: at least one frame.
bool send_frames(zmq::socket_t& socket, const Frames& frames);

/// Calls again what a signal interrupted. Other errors of ZeroMQ pass.
template <class Call>
auto uninterrupted(Call call) {
  for (;;) {
    try {
      return call();
    } catch (const zmq::error_t& error) {
      if (error.num() != EINTR) throw;
    }
  }
}

}  // namespace brigade::net
