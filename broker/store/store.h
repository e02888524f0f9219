// What the broker keeps on disk: written in order by one thread, acknowledged by sequence, read by the loop.
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "proto/model/job.h"
#include "proto/model/messages.h"
#include "proto/model/runs.h"

namespace brigade::broker {

// ---- Writes ------------------------------------------------------------------------------------------------------

/// An upload begins.
struct JobOpened {
  JobId job;
  JobSpec spec;
  std::string client;
  UtcMs opened_at{};
};

/// Arguments and labels of the tasks run.first…, the upload's chunk number `sequence`.
struct ChunkArrived {
  JobId job;
  std::uint64_t sequence = 0;
  Run run;
  Values arguments;
  Values labels;
};

/// The upload is whole: from here on the job exists for everyone.
struct JobSealed {
  JobId job;
  std::uint64_t tasks = 0;
  ContentHash hash{};
  UtcMs accepted_at{};
};

/// Final outcomes of tasks: entry `position` (0, 1, 2, …) of the job's result log.
struct BlockAppended {
  JobId job;
  std::uint64_t position = 0;
  Origin origin;
  Outcomes outcomes;
};

/// Executions that ended without a final outcome. Absolute values: a later record for a task replaces an earlier one.
struct AttemptsCounted {
  JobId job;
  Run run;
  std::uint32_t attempts = 0;  ///< executions begun so far
  std::uint32_t losses = 0;    ///< of them, workers lost while holding this task alone
  std::string lost_worker;     ///< the latest of those workers; empty when the attempt failed otherwise
};

/// The job is final. `summary` is what `jobs` and `job` show from now on.
struct JobFinished {
  JobId job;
  JobSummary summary;
};

/// Forget the job, its arguments and results.
struct JobForgotten {
  JobId job;
};

using Write = std::variant<JobOpened, ChunkArrived, JobSealed, BlockAppended, AttemptsCounted, JobFinished, JobForgotten>;

// ---- Recovery ----------------------------------------------------------------------------------------------------

struct RecoveredJob {
  JobId id;
  JobSpec spec;
  std::string client;
  UtcMs accepted_at{};              ///< 0: not sealed
  std::uint64_t tasks = 0;          ///< so far, when not sealed
  std::uint64_t chunks = 0;
  ContentHash hash{};
  bool sealed = false;
  RunSet done;                      ///< empty when `finished`
  RunSet failed;                    ///< tasks whose final status is neither ok nor a cancellation
  std::array<std::uint64_t, kTaskStatuses> by_status{};
  std::uint64_t blocks = 0;         ///< length of the result log
  std::vector<AttemptsCounted> attempts;   ///< in the order they were written
  std::optional<JobSummary> finished;
};

struct Recovered {
  std::uint64_t epoch = 0;  ///< larger than in any life before, and already on disk
  std::vector<RecoveredJob> jobs;
};

// ---- Reading -----------------------------------------------------------------------------------------------------

/// One entry of a job's result log.
struct StoredBlock {
  std::uint64_t position = 0;
  Origin origin;
  Outcomes outcomes;
};

/// Arguments and labels of consecutive tasks.
struct StoredArguments {
  Values arguments;
  Values labels;
};

/// How the writer thread tells the loop what happened. Called on the writer's thread: implementations push and wake.
struct StoreSignals {
  std::function<void(Sequence)> committed;            ///< this write and all before it are on disk
  std::function<void(std::string)> stalled;           ///< the disk is full or refuses: why; writes are kept and tried again
  std::function<void()> resumed;                      ///< a stalled write went through
  std::function<void(std::string)> failed;            ///< a sync failed or the store is damaged: the broker must stop
};

/// REQUIRES: append() and the reads are called by one thread, the broker's loop.
class Store {
 public:
  virtual ~Store() = default;

  /// Queues a write and returns; writes happen in this order. Results are visible to reads once committed.
  virtual void append(Sequence sequence, Write write) = 0;

  /// Arguments of the tasks of `run`, which lie within committed chunks.
  virtual Result<StoredArguments> arguments(JobId job, Run run) = 0;
  /// Log entries from `position` on, in order, until `bytes_max` is reached (at least one if there is any).
  virtual Result<std::vector<StoredBlock>> blocks(JobId job, std::uint64_t position, std::uint64_t bytes_max,
                                                  bool failed_only) = 0;
  /// All log entries that have an outcome for a task of `run`, in log order.
  virtual Result<std::vector<StoredBlock>> blocks_with(JobId job, Run run) = 0;

  /// Bytes on disk.
  virtual std::uint64_t size_bytes() const = 0;
};

}  // namespace brigade::broker
