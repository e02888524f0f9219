// Runs slices as coroutines: thousands of tasks that wait, in one thread. Boost.Asio stays behind this header.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "worker/exec/executor.h"
#include "worker/exec/memory_budget.h"
#include "worker/exec/outbox.h"
#include "worker/kinds/gate.h"
#include "worker/kinds/kind.h"

namespace brigade::worker {

struct IoLoopOptions {
  std::uint32_t threads = 1;
  std::uint32_t concurrency = 1000;          ///< tasks in flight at most, of all threads together
  Duration time_limit{};                     ///< of one task where its job has none, and at most; 0: none
  std::uint64_t unreleased_max = 64u << 20;  ///< new tasks wait while so many bytes of outcomes are unacknowledged
  MemoryBudget* memory = nullptr;            ///< outlives the executor; null: no limit
  PermitGate* gate = nullptr;                ///< outlives the executor; null: no lease has limits
};

/// A kind without a form for the loop runs blocking in the loop's thread, one task after another.
/// The destructor stops the running tasks and waits for them.
class IoLoop : public Executor {
 public:
  /// `outbox` must outlive the loop.
  IoLoop(std::vector<Kind> kinds, Outbox& outbox, IoLoopOptions options);
  ~IoLoop() override;
  IoLoop(const IoLoop&) = delete;
  IoLoop& operator=(const IoLoop&) = delete;

  void start(Work work) override;
  Runs give_back(LeaseId lease) override;
  void abort(JobId job) override;
  void release(std::uint64_t bytes) override;
  std::uint32_t busy() const override;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace brigade::worker
