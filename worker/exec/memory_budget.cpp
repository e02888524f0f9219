#include "worker/exec/memory_budget.h"

#include <utility>

namespace brigade::worker {

bool MemoryBudget::take(std::uint64_t bytes) {
  const std::lock_guard lock(mutex_);
  if (bytes > limit_ - taken_) {
    wanted_ = true;
    return false;
  }
  taken_ += bytes;
  return true;
}

void MemoryBudget::give_back(std::uint64_t bytes) {
  {
    const std::lock_guard lock(mutex_);
    taken_ -= bytes;
    if (!std::exchange(wanted_, false)) return;
  }
  const std::lock_guard lock(calls_mutex_);
  for (const auto& [who, call] : calls_) call();
}

void MemoryBudget::on_room(const void* who, std::function<void()> call) {
  const std::lock_guard lock(calls_mutex_);
  calls_[who] = std::move(call);
}

void MemoryBudget::dismiss(const void* who) {
  const std::lock_guard lock(calls_mutex_);
  calls_.erase(who);
}

void MemoryBudget::untake(std::uint64_t bytes) {
  const std::lock_guard lock(mutex_);
  taken_ -= bytes;
}

}  // namespace brigade::worker
