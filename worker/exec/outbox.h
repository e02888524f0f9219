// Where executors put finished tasks and the worker's loop collects them. Each thread writes into a tray of its own,
// whose lock nobody else wants but for a swap; the loop is woken only when it has said that it is about to wait.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "proto/base/os.h"
#include "proto/model/outcome.h"
#include "worker/exec/outcome_rows.h"

namespace brigade::worker {

/// Outcomes of one lease.
struct Finished {
  LeaseId lease;
  JobId job;
  UtcMs leased_at{};  ///< the wall clock when the lease arrived here
  Outcomes outcomes;
};

/// What an outcome counts for in Executor::release(): its value and its columns.
std::uint64_t weight_of(const Outcomes& outcomes);
constexpr std::uint64_t weight_of(std::string_view value) {
  return value.size() + 16;
}

class Outbox;

/// One thread's finished tasks. Its lock also guards what that thread does now (Station).
class Tray {
 public:
  struct Origin {
    LeaseId lease;
    JobId job;
    UtcMs leased_at{};
  };
  using Lock = std::unique_lock<std::mutex>;

  /// So long a block may grow. Below a second: see Outbox::set_timer().
  static constexpr std::chrono::nanoseconds kGrowthMax = std::chrono::milliseconds(1);

  explicit Tray(Outbox& outbox) : outbox_(&outbox) {}

  Lock lock() { return Lock(mutex_); }
  /// REQUIRES: `lock` is this tray's.
  void add(const Lock& lock, const Origin& origin, const OutcomeRow& row, std::string_view value,
           std::string* owned = nullptr);
  /// Whether more is likely to come within kGrowthMax of `now`: a block that grows quickly is left to grow a little, so
  /// that fast tasks make blocks of thousands. Never for longer: a slow task holds nothing back.
  void set_growing(const Lock& lock, bool growing, Instant now);
  /// Nothing more will come for now. Whether there is something that was left to grow: to be announced.
  bool stop_growing();
  /// Wakes the loop where it waits for an outcome. After the lock is released, so that the loop finds it free.
  void announce();

 private:
  friend class Outbox;
  struct Batch {
    Origin origin;
    OutcomeRows rows;
  };
  bool is_ripe(Instant now) const;

  Outbox* outbox_;
  std::mutex mutex_;
  std::vector<Batch> batches_;
  bool growing_ = false;
  Instant since_{};  // when the first row of batches_ came
  std::atomic<bool> ripe_ = false;
};

class Outbox {
 public:
  Outbox();
  Outbox(const Outbox&) = delete;
  Outbox& operator=(const Outbox&) = delete;

  /// A tray for one thread. Valid as long as the outbox.
  Tray& add_tray();

  /// What finished since the last call, in blocks. The loop calls it when it is about to wait; after an empty answer
  /// fd() becomes readable when there is more, after any other it must be called again before waiting without a time
  /// limit.
  std::vector<Finished> collect();
  int fd() const { return epoll_.get(); }

 private:
  friend class Tray;
  /// What the loop wants to be woken for.
  enum class Hunger : std::uint8_t { none, ripe, any };
  /// Returns whether blocks were left to grow.
  bool gather(std::vector<Finished>& finished);
  void set_timer(bool armed);

  base::EventFd wake_;
  base::Fd timer_;  // fires when a block that was left to grow is to be looked at again
  base::Fd epoll_;  // readable when one of them is
  bool timer_armed_ = false;
  std::atomic<Hunger> hunger_ = Hunger::none;
  std::mutex trays_mutex_;
  std::vector<std::unique_ptr<Tray>> trays_;
};

}  // namespace brigade::worker
