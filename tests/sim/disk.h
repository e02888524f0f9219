// What survives the broker, and the store that writes it: writes are committed in groups, some time after they were
// handed over; a crash takes what is not committed.
#pragma once

#include <deque>
#include <functional>
#include <map>
#include <optional>
#include <vector>

#include "broker/core/events.h"
#include "broker/store/store.h"
#include "tests/sim/world.h"

namespace brigade::sim {

struct DiskJob {
  broker::JobOpened opened;
  std::vector<broker::ChunkArrived> chunks;
  std::optional<broker::JobSealed> sealed;
  std::vector<broker::BlockAppended> blocks;
  std::vector<broker::AttemptsCounted> attempts;
  std::optional<JobSummary> finished;
  std::uint64_t chunk_tasks = 0;
  std::uint64_t rows = 0;  ///< of the log
  RunSet done;

  std::uint64_t tasks() const { return sealed ? sealed->tasks : chunk_tasks; }
};

class Disk {
 public:
  explicit Disk(World& world) : world_(&world) {}

  /// What a broker that starts now finds; its epoch is new.
  broker::Recovered recover();
  void apply(const broker::Write& write);
  const DiskJob* job(JobId id) const;
  const std::map<JobId, DiskJob>& jobs() const { return jobs_; }
  bool is_forgotten(JobId id) const;

 private:
  void apply_block(DiskJob& job, const broker::BlockAppended& block);
  broker::RecoveredJob recover(const DiskJob& job) const;

  World* world_;
  std::uint64_t epoch_ = 0;
  std::map<JobId, DiskJob> jobs_;
  std::vector<JobId> order_;
  std::vector<JobId> forgotten_;
};

/// One life of the broker's store.
class SimStore final : public broker::Store {
 public:
  /// Plans a commit in the broker's process.
  using Plan = std::function<void(Duration, Action)>;
  SimStore(World& world, Disk& disk, Plan plan, std::function<void(broker::Event)> tell);

  bool append(Sequence sequence, broker::Write write) override;
  Result<broker::StoredArguments> arguments(JobId job, Run run) override;
  Result<std::vector<broker::StoredBlock>> blocks(JobId job, std::uint64_t position, std::uint64_t bytes_max,
                                                  bool failed_only) override;
  Result<std::vector<broker::StoredBlock>> blocks_with(JobId job, Run run, std::uint64_t bytes_max) override;
  Result<Bytes> part(JobId job, std::uint64_t position, std::uint64_t offset, std::uint64_t bytes) override;
  std::uint64_t size_bytes() const override { return 0; }

  /// The disk is full for so long.
  void stall(Duration time);
  /// The process is killed: what was under way may or may not have reached the disk.
  void crash();
  void set_commit_time(Duration least, Duration most);

 private:
  struct Queued {
    Sequence sequence;
    broker::Write write;
  };
  void start_commit();
  void finish_commit();
  const DiskJob& committed(JobId job) const;

  World* world_;
  Disk* disk_;
  Plan plan_;
  std::function<void(broker::Event)> tell_;
  std::deque<Queued> queue_, under_way_;
  std::deque<Queued> cached_;  ///< of the last commit, where the bug `commit_not_synced` is planted
  Duration least_ = 100us, most_ = 2ms;
  bool stalled_ = false, told_stalled_ = false;
};

}  // namespace brigade::sim
