// The broker's process: the real core, with what its loop does, on the simulated network and store.
#pragma once

#include <deque>
#include <memory>

#include "broker/core/broker.h"
#include "broker/pages.h"
#include "tests/sim/checker.h"
#include "tests/sim/network.h"
#include "tests/sim/process.h"

namespace brigade::sim {

class BrokerActor final : public Process {
 public:
  BrokerActor(World& world, const Plan& plan, Network& network, Disk& disk, Checker& checker)
      : Process(world, {'b', 0}), plan_(&plan), network_(&network), disk_(&disk), checker_(&checker) {}

  void start();
  void kill();
  /// Dies when it has carried out so many more commands.
  void kill_after(std::uint64_t commands) { commands_left_ = commands; }
  /// Told when the process has ended, however it did.
  void on_end(std::function<void()> told) { told_ = std::move(told); }
  /// REQUIRES: alive().
  const broker::State& state() const { return core_->state(); }
  void stall_store(Duration time);
  void set_fast_store();

 private:
  void handle(broker::Event event);
  void feed(broker::Event event);
  void carry_out(broker::Command& command);
  void appended(broker::Append& command);
  bool send(PeerId to, const Message& message);
  void send_lease(broker::SendLease& order);
  void carry_out_pages();
  void received(PeerId peer, LinkNumber link, const Frames& frames);
  void arm();

  const Plan* plan_;
  std::function<void()> told_;
  Network* network_;
  Disk* disk_;
  Checker* checker_;
  std::unique_ptr<broker::Broker> core_;
  std::unique_ptr<SimStore> store_;
  std::unique_ptr<broker::Pages> pages_;
  std::deque<broker::Event> events_;
  bool handling_ = false;
  std::deque<broker::SendPage> orders_;
  Instant armed_ = kNever;
  std::optional<std::uint64_t> commands_left_;
};

}  // namespace brigade::sim
