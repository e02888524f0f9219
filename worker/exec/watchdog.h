// Reports tasks that are past their time limit, also those that cannot be interrupted.
#pragma once

#include <condition_variable>
#include <mutex>
#include <thread>

#include "worker/exec/slices.h"

namespace brigade::worker {

/// A thread that sleeps until the next deadline of a queue's stations.
class Watchdog {
 public:
  explicit Watchdog(SliceQueue& queue);
  ~Watchdog();
  /// A slice whose tasks are limited was added: look again, unless it would be in time anyway.
  void slice_added();

 private:
  void run(const std::stop_token& stop);

  SliceQueue* queue_;
  std::mutex mutex_;
  std::condition_variable_any woken_;
  Instant asleep_until_ = kNever;
  bool look_ = false;
  std::jthread thread_;  // last: it uses all of the above
};

}  // namespace brigade::worker
