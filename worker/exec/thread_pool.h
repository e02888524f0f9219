// Runs slices on threads.
#pragma once

#include <cstdint>
#include <thread>
#include <vector>

#include "worker/exec/executor.h"
#include "worker/exec/outbox.h"
#include "worker/exec/slices.h"
#include "worker/exec/watchdog.h"
#include "worker/kinds/gate.h"
#include "worker/kinds/kind.h"

namespace brigade::worker {

struct ThreadPoolOptions {
  std::uint32_t threads = 1;
  Duration time_limit{};                     ///< of one task where its job has none, and at most; 0: none
  std::uint64_t unreleased_max = 64u << 20;  ///< new tasks wait while so many bytes of outcomes are unacknowledged
  MemoryBudget* memory = nullptr;            ///< outlives the executor; null: no limit
  PermitGate* gate = nullptr;                ///< outlives the executor; null: no lease has limits
};

/// A task past its limit is reported `timeout` in time; one that cannot be interrupted keeps its thread busy until it
/// returns. The destructor waits for the running tasks.
class ThreadPool : public Executor {
 public:
  /// `outbox` must outlive the pool.
  ThreadPool(std::vector<Kind> kinds, Outbox& outbox, ThreadPoolOptions options);
  ~ThreadPool() override;
  ThreadPool(const ThreadPool&) = delete;
  ThreadPool& operator=(const ThreadPool&) = delete;

  void start(Work work) override;
  Runs give_back(LeaseId lease) override;
  void abort(JobId job) override;
  void release(std::uint64_t bytes) override;
  std::uint32_t busy() const override;

 private:
  std::optional<Grain> next(Station& station);
  void run(Station& station);

  SliceQueue queue_;
  Watchdog watchdog_;
  std::vector<std::jthread> threads_;
};

}  // namespace brigade::worker
