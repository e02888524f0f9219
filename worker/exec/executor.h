// What the worker's loop asks of whatever runs tasks: the thread pool or the I/O loop.
#pragma once

#include <cstdint>

#include "proto/model/messages.h"

namespace brigade::worker {

/// A lease as its executor sees it.
struct Work {
  Lease lease;
  std::uint32_t per_worker = kUnlimited;  ///< most tasks of this job at once in this worker (serial, processes: 1)
};

/// Starts slices, in the order given; reports outcomes through the Outbox it was made with.
/// All calls come from the worker's loop thread and return at once.
class Executor {
 public:
  virtual ~Executor() = default;

  virtual void start(Work work) = 0;
  /// The tasks of the lease that have not started; they never will. Empty for an unknown lease.
  virtual Runs give_back(LeaseId lease) = 0;
  /// Drops what of the job has not started and stops what can be stopped. Outcomes already on their way may still come.
  virtual void abort(JobId job) = 0;
  /// Bytes of outcomes that the broker has acknowledged. New tasks wait while too much is unacknowledged.
  virtual void release(std::uint64_t bytes) = 0;
  /// Tasks running now.
  virtual std::uint32_t busy() const = 0;
};

}  // namespace brigade::worker
