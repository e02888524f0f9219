// What the broker keeps on disk: written in order by one thread, acknowledged by sequence, read by the loop.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "broker/core/records.h"

namespace brigade::broker {

// ---- Reading -----------------------------------------------------------------------------------------------------

/// One entry of a job's result log.
struct StoredBlock {
  std::uint64_t position = 0;
  Origin origin;
  Outcomes outcomes;
  /// Bytes of its only task's value, where that is too large to be read at once (kWholeValueMax): then it is left out
  /// of the outcomes; see Store::part().
  std::uint64_t left_out = 0;
};

/// A larger value is read in parts.
inline constexpr std::uint64_t kWholeValueMax = std::uint64_t{4} << 20;

/// Arguments and labels of consecutive tasks.
struct StoredArguments {
  Values arguments;
  Values labels;
};

/// How the writer thread tells the loop what happened. Called on the writer's thread: implementations push and wake.
struct StoreSignals {
  std::function<void(Sequence)> committed;   ///< this write and all before it are on disk
  std::function<void(std::string)> stalled;  ///< the disk is full or refuses: why; writes are tried again
  std::function<void()> resumed;             ///< a stalled write went through
  std::function<void(std::string)> failed;   ///< a sync failed or the store is damaged: the broker must stop
};

/// REQUIRES: append() and the reads are called by one thread, the broker's loop.
class Store {
 public:
  virtual ~Store() = default;

  /// Queues a write and returns; writes happen in this order. Results are visible to reads once committed. Returns
  /// whether this write and all before it count as committed already: a store that does not sync keeps them in memory
  /// for the reads until they are written. Its signal follows all the same.
  virtual bool append(Sequence sequence, Write write) = 0;

  /// Arguments of the tasks of `run`, which lie within committed chunks.
  virtual Result<StoredArguments> arguments(JobId job, Run run) = 0;
  /// The blocks that hold the log's rows from `position` on, in order, until `bytes_max` is reached (at least one if
  /// there is any). The first may begin before `position`.
  virtual Result<std::vector<StoredBlock>> blocks(JobId job, std::uint64_t position, std::uint64_t bytes_max,
                                                  bool failed_only) = 0;
  /// The log entries that have an outcome for a task of `run`; where they have more than `bytes_max`, only those with
  /// its first tasks (at least one entry if there is any).
  virtual Result<std::vector<StoredBlock>> blocks_with(JobId job, Run run, std::uint64_t bytes_max) = 0;
  /// Bytes offset..offset+bytes-1 of the value that the block at `position` has left out.
  virtual Result<Bytes> part(JobId job, std::uint64_t position, std::uint64_t offset, std::uint64_t bytes) = 0;

  /// Bytes on disk that jobs take, those being forgotten included. (Not counted: a bounded log, a few free pages.)
  virtual std::uint64_t size_bytes() const = 0;
};

}  // namespace brigade::broker
