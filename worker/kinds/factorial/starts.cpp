#include "worker/kinds/factorial/starts.h"

#include <algorithm>

#include "proto/base/os.h"
#include "worker/kinds/factorial/compute.h"
#include "worker/kinds/factorial/product.h"
#include "worker/kinds/factorial/size.h"

namespace brigade::worker {
namespace {

/// While a task waits for another one, its core is for that one's helpers.
class CoreLent {
 public:
  explicit CoreLent(SpareCores* spare) : spare_(spare) {
    if (spare_ != nullptr) spare_->lend();
  }
  ~CoreLent() {
    if (spare_ != nullptr) spare_->take_back();
  }
  CoreLent(const CoreLent&) = delete;
  CoreLent& operator=(const CoreLent&) = delete;

 private:
  SpareCores* spare_;
};

bool leads_to(std::uint64_t from, std::uint64_t to) {
  return is_near(from, to) || Factorial::can_leap(from, to);
}

}  // namespace

bool is_shared(std::uint64_t n) {
  return n >= kSharedFrom && bytes_of_factorial(n) <= kSharedBytesMax;
}

StartPtr Starts::obtain(std::uint64_t n, const TaskFeed& feed, const std::function<StartPtr()>& compute) {
  if (StartPtr found = find_or_claim(n, feed)) return found;
  StartPtr start;
  try {
    start = compute();
  } catch (...) {
    settle(n, nullptr);
    throw;
  }
  settle(n, start);
  return start;
}

StartPtr Starts::find_or_claim(std::uint64_t n, const TaskFeed& feed) {
  std::unique_lock lock(mutex_);
  StartPtr found = nearest(n);
  if (!found && is_coming(n)) {
    const CoreLent lent(feed.spare());
    const auto settled = [&] { return (found = nearest(n)) != nullptr || !is_coming(n); };
    if (feed.task().deadline == kNever)
      changed_.wait(lock, feed.stop(), settled);
    else
      changed_.wait_for(lock, feed.stop(), feed.task().deadline - base::monotonic_now(), settled);
  }
  if (found) return found;
  there_.reserve(there_.size() + coming_.size() + 1);  // settle() finds room
  coming_.push_back(n);
  return nullptr;
}

void Starts::settle(std::uint64_t n, const StartPtr& start) {
  {
    const std::lock_guard lock(mutex_);
    coming_.erase(std::ranges::find(coming_, n));
    if (start) there_.push_back(start);
  }
  changed_.notify_all();
}

StartPtr Starts::nearest(std::uint64_t n) {
  const auto distance = [n](const StartPtr& start) { return start->n < n ? n - start->n : start->n - n; };
  std::erase_if(there_, [](const auto& start) { return start.expired(); });
  StartPtr best;
  for (const auto& each : there_) {
    StartPtr start = each.lock();
    if (start && leads_to(start->n, n) && (!best || distance(start) < distance(best))) best = std::move(start);
  }
  return best;
}

bool Starts::is_coming(std::uint64_t n) const {
  return std::ranges::any_of(coming_, [n](std::uint64_t from) { return leads_to(from, n); });
}

}  // namespace brigade::worker
