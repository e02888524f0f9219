// One lane of a worker: runs the tasks of its leases on slots, as their fates say, in simulated time.
#pragma once

#include <functional>
#include <map>
#include <vector>

#include "tests/sim/checker.h"
#include "tests/sim/plan.h"
#include "worker/exec/executor.h"
#include "worker/exec/outbox.h"
#include "worker/kinds/gate.h"

namespace brigade::sim {

class SimExecutor final : public worker::Executor {
 public:
  struct Edge {
    std::function<void(Duration, Action)> plan;  ///< in the worker's process
    std::function<void()> finished;              ///< collect() has something
    std::function<void()> killed;                ///< a task ends the process
    std::string signature;                       ///< of this life of the worker, part of every answer
    InstanceId worker;
    worker::PermitGate* gate = nullptr;
    std::function<void()> asked;  ///< the gate has news
  };
  SimExecutor(World& world, const Plan& plan, Checker& checker, std::uint32_t slots, Edge edge)
      : world_(&world), plan_(&plan), checker_(&checker), slots_(slots), edge_(std::move(edge)) {}

  void start(worker::Work work) override;
  Runs give_back(LeaseId lease) override;
  void abort(JobId job) override;
  void release(std::uint64_t) override {}
  std::uint32_t busy() const override { return busy_; }

  /// Whether the task waits or runs here under this lease.
  bool has(LeaseId lease, std::uint64_t index) const;
  /// What has finished since, in blocks.
  std::vector<worker::Finished> collect();

 private:
  struct Slice {
    worker::Work work;
    UtcMs arrived{};
    RunSet unstarted;
    RunSet waiting;  ///< for a permit
    RunSet running;
  };
  struct Row {
    std::uint64_t index;
    TaskStatus status;
    std::uint32_t retry_after_ms;
    float run_ms;
    std::string value;
  };

  using Task = std::pair<LeaseId, std::uint64_t>;
  using Question = worker::PermitGate::Question;
  struct Waiting {
    Question question;
    worker::PermitGate::Ticket ticket = 0;
  };

  void ask(Task task, Question question);
  void answered(Task task);
  void go(Task task, Instant from);
  void leave(Task task);
  void close_request(const Question& question);

  void fill_slots();
  bool start_one();
  void begin(Slice& slice, std::uint64_t index);
  void run(const Lease& lease, std::uint64_t index, const Question& question);
  void end(LeaseId lease, std::uint64_t index, unsigned execution, Duration took);
  Row outcome(const JobPlan& job, std::uint64_t index, unsigned execution, Duration took);
  void check_argument(const Lease& lease, const JobPlan& job, std::uint64_t index);
  std::uint32_t running_of(JobId job) const;

  World* world_;
  const Plan* plan_;
  Checker* checker_;
  std::uint32_t slots_;
  Edge edge_;
  std::uint32_t busy_ = 0;
  std::vector<LeaseId> order_;  ///< of arrival
  std::map<LeaseId, Slice> slices_;
  std::map<Task, Waiting> waiting_;
  std::map<LeaseId, std::vector<Row>> finished_;
  std::map<LeaseId, std::pair<JobId, UtcMs>> origins_;
};

const JobPlan& job_plan_of(const Plan& plan, const std::string& options);

}  // namespace brigade::sim
