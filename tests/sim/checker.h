// What must hold, seen from outside: watches what the parties do and say, and compares it with the disk and the plan.
#pragma once

#include <deque>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "broker/core/broker.h"
#include "tests/sim/disk.h"
#include "tests/sim/plan.h"

namespace brigade::sim {

/// One final record of a task, as a reader saw it.
struct SeenRow {
  TaskStatus status = TaskStatus::ok;
  std::string value;
  std::string worker;
  std::uint32_t attempts = 0;
  float run_ms = 0;
  bool operator==(const SeenRow&) const = default;
};

class Checker {
 public:
  Checker(World& world, const Plan& plan, const Disk& disk) : world_(&world), plan_(&plan), disk_(&disk) {}

  // ---- Workers
  /// Returns which execution of the task this is: 1, 2, 3, …
  unsigned task_starts(const Lease& lease, std::uint64_t index, InstanceId worker);
  void task_ends(const Lease& lease, std::uint64_t index, InstanceId worker);
  void returns(const Returned& returned);
  void makes(InstanceId instance, const Block& block);
  void arrives(LeaseId lease) { on_the_way_.erase(lease); }
  /// Of jobs with limits.
  void request_begins(const Lease& lease, TargetId target, InstanceId worker);
  void request_ends(JobId job, TargetId target, InstanceId worker);
  /// Whatever it had under way has ended.
  void worker_ends(InstanceId worker);

  // ---- The broker
  void broker_starts();
  void before_event(const broker::State& state, const broker::Event& event);
  void after_event(const broker::Broker& broker, const broker::Event& event);
  void appends(const broker::State& state, const broker::Write& write);
  void leases(PeerId to, const Lease& lease);
  void sends(const broker::State& state, PeerId to, const Message& message);

  // ---- Clients
  void accepted(const JobPlan& job, JobId id);
  void reads(JobId job, std::uint64_t index, const SeenRow& row);
  /// The job's id once somebody's submit of it was accepted.
  JobId id_of(std::size_t job) const;
  const std::map<std::size_t, JobId>& accepted_jobs() const { return accepted_; }
  void forgets(JobId job) { forgotten_.insert(job); }
  bool may_be_gone(JobId job) const { return forgotten_.contains(job); }

  /// At the very end: the disk has one proper record of each task of each accepted job.
  void check_all();
  /// What keeps the world from ending.
  std::string unfinished() const;
  bool all_ended() const;

 private:
  using Task = std::pair<JobId, std::uint64_t>;
  struct Alone {
    std::string worker;
    Task task;
  };

  void check_rate(const Lease& lease);
  void check_ceilings(const Lease& lease);
  void check_frugal(const Lease& lease, std::uint64_t index, unsigned execution);
  void check_counts(const broker::State& state, const broker::AttemptsCounted& counted);
  void check_poison(const broker::BlockAppended& block);
  void check_stored(const broker::State& state, PeerId to, std::uint64_t sequence);
  void check_answer(PeerId to, const Answer& answer);
  void check_summary(const JobSummary& summary);
  void check_heartbeat(const broker::State& state, const broker::MessageArrived& arrived);
  void check_record(const JobPlan& job, std::uint64_t index, TaskStatus status, std::string_view value);
  void check_job(const JobPlan& job, const DiskJob& stored);
  const JobPlan* plan_of(JobId id) const;
  void fail(const std::string& why) { world_->fail(why); }

  World* world_;
  const Plan* plan_;
  const Disk* disk_;
  std::map<Task, unsigned> executions_;
  std::map<JobId, unsigned> running_;
  std::map<JobId, std::map<InstanceId, unsigned>> running_at_;
  std::set<std::pair<LeaseId, std::uint64_t>> returned_;
  std::map<std::pair<InstanceId, std::uint64_t>, Block> blocks_;
  std::map<std::pair<JobId, TargetId>, std::map<InstanceId, unsigned>> requests_;  ///< under way
  std::map<JobId, std::deque<Instant>> requested_;                                 ///< within the last second
  std::map<LeaseId, PeerId> on_the_way_;  ///< leases that were sent and have not reached their worker

  std::set<LeaseId> granted_;
  std::map<Task, broker::Trial> trials_;
  std::map<Task, Instant> not_before_;  ///< in this life of the broker
  std::vector<Alone> alone_;            ///< before the event: workers that hold one task and nothing else
  std::set<LeaseId> leases_before_;     ///< of a worker whose heartbeat arrives
  std::map<std::pair<PeerId, RequestId>, std::pair<Verb, JobId>> asked_;
  bool leaving_ = false;  ///< the event is a worker's farewell
  std::uint64_t broker_events_ = 0;

  std::map<std::size_t, JobId> accepted_;
  std::set<JobId> forgotten_;
  std::map<Task, SeenRow> seen_;
};

}  // namespace brigade::sim
