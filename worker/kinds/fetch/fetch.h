// The kind `fetch`: HTTP with libcurl, as coroutines of the loop or blocking on threads.
#pragma once

#include <chrono>
#include <memory>

#include "proto/base/os.h"
#include "worker/kinds/fetch/fetch_job.h"
#include "worker/kinds/fetch/transfer.h"
#include "worker/kinds/gate.h"
#include "worker/kinds/kind.h"

namespace brigade::worker {

/// The whole transfer's limit where neither the job nor the worker has one.
inline constexpr Duration kFetchTimeout = std::chrono::seconds(30);

Kind fetch_kind(FetchSettings settings);

/// How long a task has been at something, waits for permits not counted.
class ActiveTime {
 public:
  /// `permits`: null where the task wants none.
  explicit ActiveTime(const TaskPermits* permits)
      : permits_(permits), begun_(base::monotonic_now()), waited_before_(waited()) {}
  Duration so_far() const { return base::monotonic_now() - begun_ - (waited() - waited_before_); }

 private:
  Duration waited() const { return permits_ != nullptr ? permits_->waited() : Duration{}; }

  const TaskPermits* permits_;
  Instant begun_;
  Duration waited_before_;
};

/// After a request of a job with limits: gives its permit back, and passes on that the host asks for a pause.
void close_request(TaskPermits& permits, const Transfer& transfer);

/// The coroutine form (fetch_loop.cpp). Jobs in one thread share its connections.
LoopRunner fetch_on_loop(LoopThread& thread, std::shared_ptr<const FetchJob> job);

}  // namespace brigade::worker
