#include <fmt/format.h>

#include "proto/net/endpoint.h"
#include "proto/net/impl.h"

namespace brigade::net {

Dealer::Dealer(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Dealer::~Dealer() = default;

namespace {

constexpr int kSocketsMax = 65'536;  // of one context; ZeroMQ's own limit is 1023

std::shared_ptr<zmq::context_t> make_context() {
  auto context = std::make_shared<zmq::context_t>();
  context->set(zmq::ctxopt::max_sockets, kSocketsMax);
  return context;
}

Result<std::unique_ptr<Dealer::Impl>> connected(const std::string& endpoint, std::shared_ptr<zmq::context_t> context) {
  const auto parsed = parse_endpoint(endpoint);
  if (!parsed) return parsed.error();
  if (parsed->transport == Transport::tcp && parsed->port == 0)
    return Error{ErrorCode::invalid, fmt::format("endpoint \"{}\": port 0 cannot be connected to", endpoint)};
  if (parsed->host == "*")
    return Error{ErrorCode::invalid, fmt::format("endpoint \"{}\": * is no host to connect to", endpoint)};
  try {
    auto impl = std::make_unique<Dealer::Impl>(context ? std::move(context) : make_context());
    set_options(impl->socket);
    uninterrupted([&] { impl->socket.connect(to_zmq(*parsed)); });
    return impl;
  } catch (const zmq::error_t& error) {
    return Error{ErrorCode::unavailable, fmt::format("cannot connect to {}: {}", endpoint, error.what())};
  }
}

}  // namespace

Result<std::unique_ptr<Dealer>> Dealer::connect(const std::string& endpoint) {
  auto impl = connected(endpoint, nullptr);
  if (!impl) return impl.error();
  return std::unique_ptr<Dealer>(new Dealer(*std::move(impl)));
}

Result<std::unique_ptr<Dealer>> Dealer::connect(const std::string& endpoint, const Dealer& beside) {
  auto impl = connected(endpoint, beside.impl_->context);
  if (!impl) return impl.error();
  return std::unique_ptr<Dealer>(new Dealer(*std::move(impl)));
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
