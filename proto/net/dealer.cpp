#include <fmt/format.h>

#include "proto/net/endpoint.h"
#include "proto/net/impl.h"

namespace brigade::net {

Dealer::Dealer(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Dealer::~Dealer() = default;

Result<std::unique_ptr<Dealer>> Dealer::connect(const std::string& endpoint) {
  const auto parsed = parse_endpoint(endpoint);
  if (!parsed) return parsed.error();
  if (parsed->transport == Transport::tcp && parsed->port == 0)
    return Error{ErrorCode::invalid, fmt::format("endpoint \"{}\": port 0 cannot be connected to", endpoint)};
  if (parsed->host == "*")
    return Error{ErrorCode::invalid, fmt::format("endpoint \"{}\": * is no host to connect to", endpoint)};
  try {
    auto impl = std::make_unique<Impl>();
    set_options(impl->socket);
    uninterrupted([&] { impl->socket.connect(to_zmq(*parsed)); });
    return std::unique_ptr<Dealer>(new Dealer(std::move(impl)));
  } catch (const zmq::error_t& error) {
    return Error{ErrorCode::unavailable, fmt::format("cannot connect to {}: {}", endpoint, error.what())};
  }
}

std::optional<Frames> Dealer::receive() {
  zmq::message_t first;
  if (!uninterrupted([&] { return impl_->socket.recv(first, zmq::recv_flags::dontwait); })) return std::nullopt;
  return receive_frames(impl_->socket, std::move(first));
}

SendResult Dealer::send(const Frames& frames) {
  require(!frames.empty());
  try {
    return send_frames(impl_->socket, frames) ? SendResult::sent : SendResult::unreachable;
  } catch (const zmq::error_t&) {
    return SendResult::unreachable;
  }
}

}  // namespace brigade::net
