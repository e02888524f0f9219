// A scripted broker in a thread of its own, over real sockets in a temporary folder, and sessions that meet it.
#pragma once

#include <gtest/gtest.h>

#include <functional>
#include <memory>
#include <set>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "client/session.h"
#include "proto/base/os.h"
#include "proto/net/socket.h"
#include "proto/wire/codec.h"
#include "tests/support/temporary_folder.h"

namespace brigade::client {

using std::chrono::milliseconds;
using std::chrono::seconds;

inline constexpr JobId kJob{1, 2};

class TemporaryFolder : public test::TemporaryFolder {
 public:
  std::string endpoint() const { return "ipc://" + (path() / "broker").string(); }
};

struct Reply {
  std::vector<Message> messages;
  bool vanish = false;  ///< the broker dies instead of answering, and another takes its place
  bool garbage = false;
};

/// Answers Hello and pings by itself; what else a client says goes to the script, on the broker's thread. A peer that
/// has not said Hello is refused, as the real broker does.
class ScriptedBroker {
 public:
  using Script = std::function<Reply(const Message&)>;

  ScriptedBroker(std::string endpoint, Script script) : endpoint_(std::move(endpoint)), script_(std::move(script)) {
    bind();
    thread_ = std::thread([this] { run(); });
  }
  ~ScriptedBroker() { stop(); }
  /// What the script wrote may be read afterwards.
  void stop() {
    stopping_.signal();
    if (thread_.joinable()) thread_.join();
  }

 private:
  void bind() {
    router_.reset();
    peers_.clear();
    auto router = net::Router::bind({endpoint_});
    require(static_cast<bool>(router));
    router_ = std::move(*router);
  }
  void send(PeerId peer, const Message& message) { (void)router_->send(peer, wire::encode(message)); }

  void run() {
    const int fd = stopping_.fd();
    while (net::wait(router_.get(), std::span(&fd, 1), milliseconds(20)).empty()) {
      while (const auto inbound = router_->receive()) {
        const auto message = wire::decode(inbound->frames);
        require(static_cast<bool>(message));
        received(inbound->peer, *message);
      }
      for (const PeerId peer : peers_) send(peer, Ping{});
    }
  }
  void received(PeerId peer, const Message& message) {
    if (std::holds_alternative<Pong>(message)) return;
    if (std::holds_alternative<ClientHello>(message)) {
      peers_.insert(peer);
      return send(peer, Welcome{1, "0.1.0", 1000});
    }
    if (!peers_.contains(peer)) return send(peer, Refused{{ErrorCode::malformed, "no Hello"}});
    const Reply reply = script_(message);
    if (reply.vanish) return bind();
    if (reply.garbage) (void)router_->send(peer, {Bytes::of(std::string("\xff\xff\xff"))});
    for (const Message& answer : reply.messages) send(peer, answer);
  }

  std::string endpoint_;
  Script script_;
  base::EventFd stopping_;
  std::unique_ptr<net::Router> router_;
  std::set<PeerId> peers_;
  std::thread thread_;
};

inline Reply say(Message message) {
  Reply reply;
  reply.messages.push_back(std::move(message));
  return reply;
}
inline Reply vanish() {
  Reply reply;
  reply.vanish = true;
  return reply;
}
inline Reply garbage() {
  Reply reply;
  reply.garbage = true;
  return reply;
}

inline ConnectOptions options_for(const TemporaryFolder& folder) {
  ConnectOptions options;
  options.endpoint = folder.endpoint();
  options.timeout = seconds(20);  // never reached unless a test asks for it, however busy the machine is
  return options;
}

/// For tests whose broker vanishes: the session shall notice soon.
inline ConnectOptions impatient(const TemporaryFolder& folder) {
  ConnectOptions options = options_for(folder);
  options.silence = milliseconds(700);
  return options;
}

inline std::unique_ptr<Session> connected(const ConnectOptions& options) {
  auto session = Session::connect(options);
  require(static_cast<bool>(session));
  return std::move(*session);
}

}  // namespace brigade::client
