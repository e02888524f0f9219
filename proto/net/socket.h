// The two sockets of the protocol. ZeroMQ, its options and its pitfalls stay behind this header.
#pragma once

#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "proto/model/bytes.h"
#include "proto/model/ids.h"
#include "proto/model/result.h"
#include "proto/model/time.h"

namespace brigade::net {

using Frames = std::vector<Bytes>;

/// Checks the form of tcp://HOST:PORT or ipc://PATH and says what is wrong with anything else.
Result<void> check_endpoint(const std::string& endpoint);
/// Whether the endpoint can be reached from this machine only: ipc, 127.0.0.0/8, ::1, localhost.
bool is_local(const std::string& endpoint);

enum class SendResult {
  sent,        ///< handed to ZeroMQ; whether it arrives only the peer can say
  unreachable  ///< the peer is gone, or so slow that its queue is full: end its session
};

struct Inbound {
  PeerId peer;
  std::string address;  ///< of the peer: an IP address without port; for ipc "uid N"
  Frames frames;        ///< without the routing id
};

/// The broker's socket. Mandatory routing, nothing blocks, frames above the wire's limit end the connection.
/// REQUIRES: one thread.
class Router {
 public:
  /// Binds all endpoints; refuses an ipc path or a port that another process serves.
  static Result<std::unique_ptr<Router>> bind(const std::vector<std::string>& endpoints);
  ~Router();

  std::optional<Inbound> receive();
  SendResult send(PeerId peer, const Frames& frames);
  /// Where it listens, with the real port where 0 was asked for.
  std::vector<std::string> endpoints() const;

  struct Impl;
  Impl& impl() { return *impl_; }

 private:
  explicit Router(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

/// A peer's socket: one connection to one broker. To reconnect from scratch, make a new one.
class Dealer {
 public:
  static Result<std::unique_ptr<Dealer>> connect(const std::string& endpoint);
  /// Another connection that shares the network thread of `beside`: for a process with very many of them.
  static Result<std::unique_ptr<Dealer>> connect(const std::string& endpoint, const Dealer& beside);
  ~Dealer();

  std::optional<Frames> receive();
  SendResult send(const Frames& frames);

  struct Impl;
  Impl& impl() { return *impl_; }

 private:
  explicit Dealer(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

/// Waits until the socket has something to receive, one of `fds` is readable, or `timeout` is over (negative: never).
/// `socket` may be null. Returns the indices of the readable fds; whether the socket is ready shows in receive().
std::vector<std::size_t> wait(Router* socket, std::span<const int> fds, Duration timeout);
std::vector<std::size_t> wait(Dealer* socket, std::span<const int> fds, Duration timeout);
/// Waits until one of many sockets has something to receive or `timeout` is over; returns the indices of those.
std::vector<std::size_t> wait(std::span<const std::unique_ptr<Dealer>> sockets, Duration timeout);

}  // namespace brigade::net
