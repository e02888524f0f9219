#include "worker/exec/watchdog.h"

#include <algorithm>
#include <chrono>

namespace brigade::worker {
namespace {

constexpr Duration kNapMin = std::chrono::milliseconds(1);

}  // namespace

Watchdog::Watchdog(SliceQueue& queue) : queue_(&queue), thread_([this](const std::stop_token& stop) { run(stop); }) {}

Watchdog::~Watchdog() {
  thread_.request_stop();
  thread_.join();
}

void Watchdog::slice_added() {
  const Duration limit = queue_->least_limit();
  if (limit <= Duration{}) return;
  {
    const std::lock_guard lock(mutex_);
    if (asleep_until_ != kNever && base::monotonic_now() + limit >= asleep_until_) return;
    look_ = true;
  }
  woken_.notify_one();
}

// A task that starts while the watchdog sleeps has its deadline at least the least limit later, so a nap never lasts
// longer.
void Watchdog::run(const std::stop_token& stop) {
  while (!stop.stop_requested()) {
    const Instant now = base::monotonic_now();
    const Instant next = queue_->report_overdue(now);
    const Duration limit = queue_->least_limit();
    std::unique_lock lock(mutex_);
    if (limit > Duration{}) {
      const Duration nap = std::max(std::min(next == kNever ? limit : next - now, limit), kNapMin);
      asleep_until_ = now + nap;
      woken_.wait_for(lock, stop, nap, [this] { return look_; });
    } else {
      asleep_until_ = kNever;
      woken_.wait(lock, stop, [this] { return look_; });
    }
    look_ = false;
  }
}

}  // namespace brigade::worker
