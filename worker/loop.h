// The worker's loop: one thread that owns the socket, feeds the session, and passes work to the executors.
#pragma once

#include <array>
#include <deque>
#include <map>
#include <memory>
#include <string>

#include "proto/base/os.h"
#include "proto/net/socket.h"
#include "worker/core/session.h"
#include "worker/exec/executor.h"
#include "worker/exec/outbox.h"
#include "worker/kinds/gate.h"

namespace brigade::worker {

class Loop {
 public:
  /// One executor and where it leaves its outcomes.
  struct Side {
    Executor* executor = nullptr;
    Outbox* outbox = nullptr;
  };
  struct Parts {
    std::string endpoint;
    std::array<Side, kLanes> sides;  ///< by lane
    PermitGate& gate;
    base::SignalFd& signals;
  };
  explicit Loop(Parts parts) : session_(SessionSettings{}), parts_(std::move(parts)) {}

  /// Works until drained, stopped, or refused by the broker (the error).
  Result<void> run(Started started);

 private:
  struct Kept {
    Block block;
    std::size_t lane = 0;
    std::uint64_t weight = 0;
  };

  void handle(Event event);
  void carry_out(Command& command);
  bool collect();
  void receive();
  void send(const Message& message);
  Side& side(Lane lane) { return parts_.sides[static_cast<std::size_t>(lane)]; }

  Session session_;
  Parts parts_;
  std::unique_ptr<net::Dealer> dealer_;
  std::deque<Event> events_;            ///< that followed from carrying out a command
  std::map<std::uint64_t, Kept> kept_;  ///< blocks that the broker has not acknowledged
  std::uint64_t last_block_ = 0;
  std::optional<Exit> exit_;
};

}  // namespace brigade::worker
