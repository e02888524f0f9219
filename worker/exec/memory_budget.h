// The memory that a worker's tasks may take together, where their kind knows how much each takes.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <mutex>

namespace brigade::worker {

/// One for all executors of a worker. Thread-safe.
class MemoryBudget {
 public:
  explicit MemoryBudget(std::uint64_t limit) : limit_(limit) {}

  std::uint64_t limit() const { return limit_; }
  /// Takes so much, or tells that there is not so much left; then all are called when some was given back.
  bool take(std::uint64_t bytes);
  void give_back(std::uint64_t bytes);
  /// Gives back what was not used after all. Calls nobody. REQUIRES: others have memory, which they will give back.
  void untake(std::uint64_t bytes);
  /// `call` comes from any thread that gives back, until dismiss() of the same `who` returns.
  void on_room(const void* who, std::function<void()> call);
  void dismiss(const void* who);

 private:
  const std::uint64_t limit_;
  std::mutex calls_mutex_;  // held while they are called
  std::map<const void*, std::function<void()>> calls_;
  std::mutex mutex_;
  std::uint64_t taken_ = 0;
  bool wanted_ = false;  // somebody found too little
};

}  // namespace brigade::worker
