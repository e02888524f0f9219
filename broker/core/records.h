// What the broker writes down, and what it finds again after a restart.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "proto/model/job.h"
#include "proto/model/messages.h"
#include "proto/model/runs.h"

namespace brigade::broker {

/// What is known of tasks that were tried before.
struct Trial {
  std::uint32_t attempts = 0;  ///< executions begun
  std::uint32_t failures = 0;  ///< of them, failed in a way that may be tried again
  std::uint32_t losses = 0;    ///< of them, the worker was lost while it held other tasks too
  std::uint32_t kills = 0;     ///< of them, the worker was lost while it held this task alone
  std::uint64_t grain = 0;     ///< suspect: lease at most so many, to a worker that holds nothing else; 0: not suspect
  auto operator<=>(const Trial&) const = default;
};

// ---- Writes ------------------------------------------------------------------------------------------------------

/// An upload begins.
struct JobOpened {
  JobId job;
  JobSpec spec;
  std::string client;
  UtcMs opened_at{};
  bool operator==(const JobOpened&) const = default;
};

/// Arguments and labels of the tasks run.first…, the upload's chunk number `sequence`.
struct ChunkArrived {
  JobId job;
  std::uint64_t sequence = 0;
  Run run;
  Values arguments;
  Values labels;
  bool operator==(const ChunkArrived&) const = default;
};

/// The upload is whole: from here on the job exists for everyone.
struct JobSealed {
  JobId job;
  std::uint64_t tasks = 0;
  ContentHash hash{};
  bool operator==(const JobSealed&) const = default;
  UtcMs accepted_at{};
};

/// Final outcomes of tasks: the next rows of the job's result log.
struct BlockAppended {
  JobId job;
  std::uint64_t position = 0;  ///< rows of the log before these: the cursor of the first one
  Origin origin;
  Outcomes outcomes;
  bool operator==(const BlockAppended&) const = default;
};

/// Executions that ended without a final outcome. Absolute values: a later record for a task replaces an earlier one.
struct AttemptsCounted {
  JobId job;
  Run run;
  Trial trial;
  std::string lost_worker;  ///< lost while it held this task alone; empty when the attempt ended otherwise
  bool operator==(const AttemptsCounted&) const = default;
};

/// The job is final. `summary` is what `jobs` and `job` show from now on.
struct JobFinished {
  JobId job;
  JobSummary summary;
  bool operator==(const JobFinished&) const = default;
};

/// Forget the job, its arguments and results.
struct JobForgotten {
  JobId job;
  bool operator==(const JobForgotten&) const = default;
};

using Write =
    std::variant<JobOpened, ChunkArrived, JobSealed, BlockAppended, AttemptsCounted, JobFinished, JobForgotten>;

/// Bytes of arguments, labels and results that a write brings along, roughly.
inline std::uint64_t payload_bytes(const Write& write) {
  const auto bytes_of = [](const Values& values) { return values.sizes.items().size() + values.blob.size(); };
  if (const auto* chunk = std::get_if<ChunkArrived>(&write))
    return bytes_of(chunk->arguments) + bytes_of(chunk->labels);
  const auto* block = std::get_if<BlockAppended>(&write);
  if (block == nullptr) return 0;
  const Outcomes& outcomes = block->outcomes;
  return outcomes.start_ms.items().size() + outcomes.run_ms.items().size() + bytes_of(outcomes.values);
}

// ---- Recovery ----------------------------------------------------------------------------------------------------

struct RecoveredJob {
  JobId id;
  JobSpec spec;
  std::string client;
  UtcMs accepted_at{};      ///< 0: not sealed
  std::uint64_t tasks = 0;  ///< so far, when not sealed
  std::uint64_t chunks = 0;
  ContentHash hash{};
  bool sealed = false;
  RunSet done;    ///< empty when `finished`
  RunSet failed;  ///< tasks whose final status is neither ok nor a cancellation
  std::array<std::uint64_t, kTaskStatuses> by_status{};
  std::uint64_t log_rows = 0;             ///< length of the result log
  std::vector<AttemptsCounted> attempts;  ///< in the order they were written
  std::optional<JobSummary> finished;
  bool operator==(const RecoveredJob&) const = default;
};

struct Recovered {
  std::uint64_t epoch = 0;  ///< larger than in any life before, and already on disk
  std::vector<RecoveredJob> jobs;
};

}  // namespace brigade::broker
