// Cores that a task may use beside its own thread while they would idle.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <utility>

namespace brigade::worker {

/// The cores of a pool that run nothing. Every running task has one, but for one that waits for another; helpers take
/// what is left, without waiting. Where tasks come while helpers run, there are more threads than cores until the
/// helpers are done, which is soon: they are taken for a fraction of a second. Thread-safe.
class SpareCores {
 public:
  explicit SpareCores(std::uint32_t cores) : cores_(cores), spare_(static_cast<std::int64_t>(cores)) {}

  /// All of the pool.
  std::uint32_t cores() const { return cores_; }

  void task_began() { --spare_; }
  void task_ended() { ++spare_; }
  /// By a task that waits for another one, for as long.
  void lend() { ++spare_; }
  void take_back() { --spare_; }
  bool try_take();
  void give_back() { ++spare_; }

 private:
  std::uint32_t cores_;
  std::atomic<std::int64_t> spare_;  // below 0: see above
};

/// A task's own thread and whatever spare cores there are at the moment.
class Team {
 public:
  /// Without `spare`, alone.
  explicit Team(SpareCores* spare = nullptr) : spare_(spare) {}
  /// The same, but it begins no more pieces once `stopped`, which then stays so; called by all its threads.
  Team until(std::function<bool()> stopped) const {
    Team team = *this;
    team.stopped_ = std::move(stopped);
    return team;
  }
  /// Whether pieces may have been left out.
  bool stopped() const { return stopped_ && stopped_(); }

  /// Calls work(0) … work(count - 1), in any order, some of them in other threads; returns when all are done (or it is
  /// stopped). An exception of one of them (a library's) goes on here.
  void each(std::size_t count, const std::function<void(std::size_t)>& work) const;

 private:
  SpareCores* spare_;
  std::function<bool()> stopped_;
};

}  // namespace brigade::worker
