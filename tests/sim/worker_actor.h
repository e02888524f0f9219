// A worker's process: the real session, with what its loop does, and simulated executors.
#pragma once

#include <array>
#include <deque>
#include <map>
#include <memory>
#include <optional>

#include "tests/sim/checker.h"
#include "tests/sim/executor.h"
#include "tests/sim/network.h"
#include "tests/sim/process.h"
#include "worker/core/session.h"

namespace brigade::sim {

class WorkerActor final : public Process {
 public:
  struct Parts {
    const Plan& plan;
    const WorkerPlan& self;
    Network& network;
    Checker& checker;
    LinkNumber link = 0;
  };
  WorkerActor(World& world, unsigned number, Parts parts) : Process(world, {'w', number}), parts_(parts) {}

  void start();
  void kill();
  /// SIGTERM.
  void drain();
  /// Whether the task waits or runs here under this lease, or its outcome waits for the broker's word.
  bool has(LeaseId lease, std::uint64_t index) const;
  InstanceId instance() const { return instance_; }
  /// Told when the process has ended, however it did.
  void on_end(std::function<void()> told) { told_ = std::move(told); }

 private:
  struct Kept {
    Block block;
    std::size_t lane = 0;
  };

  void handle(worker::Event event);
  void carry_out(worker::Command& command);
  void connect();
  void send(const Message& message);
  void received(const Frames& frames);
  void collect(std::size_t lane);
  void collect_permits();
  void exit();
  void arm();
  SimExecutor& executor(Lane lane) { return *executors_[static_cast<std::size_t>(lane)]; }

  Parts parts_;
  std::function<void()> told_;
  InstanceId instance_;
  std::unique_ptr<worker::Session> session_;
  std::unique_ptr<worker::PermitGate> gate_;
  bool asked_ = false;  ///< collect_permits() is planned
  std::array<std::unique_ptr<SimExecutor>, kLanes> executors_;
  std::optional<SocketNumber> socket_;
  std::uint64_t connection_ = 0;  ///< counts sockets: what came for an earlier one is dropped
  std::deque<worker::Event> events_;
  bool handling_ = false;
  bool greeted_ = false;  ///< the event in hand is a Welcome
  std::map<std::uint64_t, Kept> kept_;
  std::uint64_t last_block_ = 0;
  Instant armed_ = kNever;
};

}  // namespace brigade::sim
