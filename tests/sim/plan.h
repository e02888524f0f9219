// What a seed's world consists of: workers, jobs with the fate of each task, clients with their scripts, and faults.
#pragma once

#include <string>
#include <vector>

#include "proto/model/job.h"
#include "proto/model/messages.h"
#include "tests/sim/world.h"

namespace brigade::sim {

struct TaskPlan {
  Duration run{};
  unsigned failures = 0;  ///< the first so many executions fail in a way that may be tried again
  bool fails = false;     ///< the execution after them fails for good
  unsigned kills = 0;     ///< the first so many executions kill their worker
};
inline constexpr unsigned kAlways = 1'000'000;

struct JobPlan {
  std::size_t number = 0;
  JobSpec spec;
  ContentHash hash{};
  std::uint64_t tasks = 0;
  std::vector<std::string> arguments;  ///< empty for a range
  std::vector<std::uint64_t> chunks;   ///< tasks of each
  std::vector<TaskPlan> fates;
  bool contested = false;  ///< another job has the same key: one of the two is refused

  std::string argument(std::uint64_t index) const;
};

struct WorkerPlan {
  std::string name;
  std::array<std::uint32_t, kLanes> slots{};
  std::vector<KindOffer> kinds;
};

enum class What : std::uint8_t { submit, wait, read, cancel, ask, forget };

struct ClientStep {
  What what = What::submit;
  std::size_t job = 0;
  Order order = Order::completion;
  bool failed_only = false;
  bool with_arguments = false;
  bool follow = true;
  Verb verb = Verb::status;
};
using Script = std::vector<ClientStep>;

/// Which faults there are, and how often one comes.
struct FaultPlan {
  Duration until{};               ///< no fault after this
  Duration every{};               ///< mean time between faults; 0: none
  std::vector<unsigned> weights;  ///< by Fault
};
enum class Fault : std::uint8_t {
  kill_worker,
  kill_broker,
  kill_broker_midway,
  kill_client,
  stop_worker,
  stop_broker,
  stop_client,
  cut,
  reset,
  stall_store,
  drain_worker,
  jump_clock,
};
inline constexpr std::size_t kFaults = 12;

struct Plan {
  std::vector<WorkerPlan> workers;
  std::vector<JobPlan> jobs;
  std::vector<Script> clients;
  FaultPlan faults;
  unsigned long_permille = 0;  ///< tasks that take many seconds
  bool slow_network = false;
  bool slow_disk = false;
  unsigned replays_percent = 0;
  unsigned refuses_permille = 0;
  std::size_t trap_kind = 0;  ///< of messages that may find their connection ended
  unsigned trap_percent = 0;

  /// No fault, no task that kills, no cut of a job.
  bool is_peaceful() const;
};

Plan make_plan(World& world);

}  // namespace brigade::sim
