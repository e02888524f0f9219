// One seed, one world: builds it, lets faults happen, waits for the end, and judges.
#pragma once

#include <memory>
#include <set>
#include <string>
#include <vector>

#include "tests/sim/broker_actor.h"
#include "tests/sim/client_actor.h"
#include "tests/sim/worker_actor.h"

namespace brigade::sim {

struct Report {
  std::uint64_t events = 0;
  std::uint64_t hash = 0;         ///< of the whole trace
  std::string failure;            ///< empty: all held
  std::vector<std::string> last;  ///< of the trace, when it failed
  Duration simulated{};
};

class Simulation {
 public:
  explicit Simulation(const Options& options);
  Report run();
  /// For a report when a core's own invariant ends the process.
  const World& world() const { return world_; }
  World& world() { return world_; }

 private:
  void build();
  void plan_fault();
  void strike(Fault fault);
  void strike_party(Fault fault);
  void pause(Process& process);
  void revive_broker();
  void end_faults();
  void check_end();
  bool scripts_done() const;
  void check_leases();
  void start_audit();

  World world_;
  Plan plan_;
  Network network_;
  Disk disk_;
  Checker checker_;
  BrokerActor broker_;
  std::vector<std::unique_ptr<WorkerActor>> workers_;
  std::vector<std::unique_ptr<ClientActor>> clients_;
  std::unique_ptr<ClientActor> auditor_;
  LinkNumber auditor_link_ = 0;
  std::set<std::pair<LeaseId, std::uint64_t>> missing_;  ///< leased tasks that their worker did not have, lately
  bool calm_ = false;                                    ///< no faults any more
  bool over_ = false;
};

/// Runs a seed in this process.
Report simulate(const Options& options);
/// Runs a seed in a child process, where a broken invariant of a core does not end the caller. Whether it failed.
bool fails_in_child(const Options& options);

}  // namespace brigade::sim
