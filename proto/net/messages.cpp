#include <cerrno>

#include "proto/net/impl.h"
#include "proto/wire/limits.h"

namespace brigade::net {
namespace {

// Below this, copying costs less than a shared owner and ZeroMQ's own bookkeeping.
constexpr std::size_t kCopiedBytesMax = 256;
constexpr int kQueuedMessagesMax = 10'000;
constexpr int kLingerMs = 200;  // a last message gets out, and closing never hangs
constexpr int kReconnectMs = 100;
constexpr int kReconnectMaxMs = 1'000;

using Owner = std::shared_ptr<const void>;

void release(void*, void* owner) {
  delete static_cast<Owner*>(owner);
}

}  // namespace

void set_options(zmq::socket_t& socket) {
  socket.set(zmq::sockopt::linger, kLingerMs);
  socket.set(zmq::sockopt::maxmsgsize, static_cast<std::int64_t>(wire::kFrameBytesMax));
  socket.set(zmq::sockopt::sndhwm, kQueuedMessagesMax);
  socket.set(zmq::sockopt::rcvhwm, kQueuedMessagesMax);
  socket.set(zmq::sockopt::ipv6, true);
  socket.set(zmq::sockopt::reconnect_ivl, kReconnectMs);
  socket.set(zmq::sockopt::reconnect_ivl_max, kReconnectMaxMs);
}

Bytes to_bytes(zmq::message_t&& message) {
  auto owner = std::make_shared<zmq::message_t>(std::move(message));
  const std::string_view data(owner->data<char>(), owner->size());
  return {std::move(owner), data};
}

zmq::message_t to_message(const Bytes& frame) {
  if (frame.size() <= kCopiedBytesMax || !frame.owner()) return {frame.data(), frame.size()};
  auto owner = std::make_unique<Owner>(frame.owner());
  zmq::message_t message(const_cast<char*>(frame.data()), frame.size(), release, owner.get());  // ZeroMQ only reads
  owner.release();
  return message;
}

Frames receive_frames(zmq::socket_t& socket, zmq::message_t first) {
  Frames frames;
  bool more = first.more();
  frames.push_back(to_bytes(std::move(first)));
  while (more) {
    zmq::message_t part;
    if (!uninterrupted([&] { return socket.recv(part, zmq::recv_flags::dontwait); })) break;  // parts arrive together
    more = part.more();
    if (frames.size() <= wire::kFramesMax) frames.push_back(to_bytes(std::move(part)));
  }
  return frames;
}

bool send_frames(zmq::socket_t& socket, const Frames& frames) {
  for (std::size_t i = 0; i < frames.size(); ++i) {
    auto flags = zmq::send_flags::dontwait;
    if (i + 1 < frames.size()) flags = flags | zmq::send_flags::sndmore;
    zmq::message_t message = to_message(frames[i]);
    if (!uninterrupted([&] { return socket.send(message, flags); })) return false;
  }
  return true;
}

}  // namespace brigade::net
