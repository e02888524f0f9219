#include <fmt/format.h>

#include <array>
#include <cstdlib>
#include <cstring>

#include "proto/base/os.h"
#include "proto/net/endpoint.h"
#include "proto/net/impl.h"
#include "proto/net/ipc.h"

namespace brigade::net {
namespace {

// ZeroMQ names a connection by a zero byte and four bytes of a counter. A bit set above them keeps our id from being 0.
constexpr std::size_t kRoutingIdBytes = 5;
constexpr int kBacklog = 1'024;

PeerId to_peer(const zmq::message_t& routing_id) {
  if (routing_id.size() != kRoutingIdBytes || routing_id.data<unsigned char>()[0] != 0) return {};
  std::uint64_t value = 1;
  for (std::size_t i = 0; i < kRoutingIdBytes; ++i) value = value << 8 | routing_id.data<unsigned char>()[i];
  return PeerId{value};
}

std::array<unsigned char, kRoutingIdBytes> to_routing_id(PeerId peer) {
  std::array<unsigned char, kRoutingIdBytes> bytes{};
  for (std::size_t i = 0; i < kRoutingIdBytes; ++i)
    bytes[i] = static_cast<unsigned char>(peer.value >> (8 * (kRoutingIdBytes - 1 - i)));
  return bytes;
}

// ZeroMQ says "192.0.2.7", "::ffff:192.0.2.7" (IPv4 on a socket for both), or for ipc "localhost:UID:GID:PID".
std::string to_address(std::string_view raw) {
  constexpr std::string_view kMapped = "::ffff:";
  constexpr std::string_view kIpc = "localhost:";
  if (raw.starts_with(kMapped) && raw.find('.') != std::string_view::npos) raw.remove_prefix(kMapped.size());
  if (!raw.starts_with(kIpc)) return std::string(raw);
  raw.remove_prefix(kIpc.size());
  return fmt::format("uid {}", raw.substr(0, raw.find(':')));
}

// The same for an endpoint: "tcp://[::ffff:192.0.2.7]:5757" is tcp://192.0.2.7:5757.
std::string to_endpoint(std::string endpoint) {
  constexpr std::string_view kMapped = "[::ffff:";
  const auto begin = endpoint.find(kMapped);
  const auto end = endpoint.find(']');
  const bool has_dot = endpoint.find('.') != std::string::npos;
  if (begin == std::string::npos || end == std::string::npos || !has_dot) return endpoint;
  return endpoint.erase(end, 1).erase(begin, kMapped.size());
}

std::string address_of(const zmq::message_t& payload) {
  zmq::message_t& message = const_cast<zmq::message_t&>(payload);  // zmq_msg_gets() takes a const message itself
  const char* raw = ::zmq_msg_gets(message.handle(), "Peer-Address");
  return raw == nullptr ? std::string() : to_address(raw);
}

// ZeroMQ's first routing id comes from rand(), the same in every process unless seeded; a peer that claims the next
// one would end this process.
void seed_once() {
  static const bool kSeeded = [] {
    std::srand(static_cast<unsigned>(base::random_u64()));
    return true;
  }();
  (void)kSeeded;
}

Error bind_error(const std::string& endpoint, int why) {
  if (why == EADDRINUSE)
    return {ErrorCode::conflict,
            fmt::format("address already in use: another process serves {}; choose another port or stop it", endpoint)};
  if (why == ENODEV || why == EADDRNOTAVAIL)
    return {ErrorCode::invalid,
            fmt::format("cannot listen at {}: this machine has no such address; * stands for all", endpoint)};
  if (why == EACCES) return {ErrorCode::unauthorised, fmt::format("cannot listen at {}: permission denied", endpoint)};
  if (why == ENOENT)
    return {ErrorCode::not_found, fmt::format("cannot listen at {}: the folder does not exist", endpoint)};
  return {ErrorCode::unavailable, fmt::format("cannot listen at {}: {}", endpoint, ::zmq_strerror(why))};
}

Result<void> bind_one(zmq::socket_t& socket, const std::string& endpoint) {
  const auto parsed = parse_endpoint(endpoint);
  if (!parsed) return parsed.error();
  if (parsed->transport == Transport::ipc)
    if (auto cleared = clear_ipc_path(parsed->path); !cleared) return cleared;
  try {
    uninterrupted([&] { socket.bind(to_zmq(*parsed)); });
  } catch (const zmq::error_t& error) {
    return bind_error(endpoint, error.num());
  }
  return {};
}

}  // namespace

Router::Router(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Router::~Router() = default;

Result<std::unique_ptr<Router>> Router::bind(const std::vector<std::string>& endpoints) {
  seed_once();
  try {
    auto impl = std::make_unique<Impl>();
    set_options(impl->socket);
    impl->socket.set(zmq::sockopt::router_mandatory, true);
    impl->socket.set(zmq::sockopt::router_handover, false);
    impl->socket.set(zmq::sockopt::backlog, kBacklog);
    for (const std::string& endpoint : endpoints) {
      if (auto bound = bind_one(impl->socket, endpoint); !bound) return bound.error();
      impl->endpoints.push_back(to_endpoint(impl->socket.get(zmq::sockopt::last_endpoint)));
    }
    return std::unique_ptr<Router>(new Router(std::move(impl)));
  } catch (const zmq::error_t& error) {
    return Error{ErrorCode::unavailable, fmt::format("cannot make a socket: {}", error.what())};
  }
}

std::optional<Inbound> Router::receive() {
  for (;;) {
    zmq::message_t routing_id;
    if (!uninterrupted([&] { return impl_->socket.recv(routing_id, zmq::recv_flags::dontwait); })) return std::nullopt;
    Inbound inbound{.peer = to_peer(routing_id), .address = {}, .frames = {}};
    if (routing_id.more()) {
      zmq::message_t first;
      if (!uninterrupted([&] { return impl_->socket.recv(first, zmq::recv_flags::dontwait); })) return std::nullopt;
      inbound.address = address_of(first);
      inbound.frames = receive_frames(impl_->socket, std::move(first));
    }
    // Not spoken with: who chose an identity of its own, or speaks a ZMTP so old that it tells no address. (Random
    // bytes from a stranger pass as ZMTP 1.)
    if (inbound.peer && !inbound.address.empty()) return inbound;
  }
}

SendResult Router::send(PeerId peer, const Frames& frames) {
  require(!frames.empty());
  if (peer.value >> 40 != 1) return SendResult::unreachable;
  try {
    const auto bytes = to_routing_id(peer);
    zmq::message_t routing_id(bytes.data(), bytes.size());
    const auto flags = zmq::send_flags::dontwait | zmq::send_flags::sndmore;
    if (!uninterrupted([&] { return impl_->socket.send(routing_id, flags); })) return SendResult::unreachable;
    return send_frames(impl_->socket, frames) ? SendResult::sent : SendResult::unreachable;
  } catch (const zmq::error_t&) {  // EHOSTUNREACH: no such peer any more
    return SendResult::unreachable;
  }
}

std::vector<std::string> Router::endpoints() const {
  return impl_->endpoints;
}

}  // namespace brigade::net
