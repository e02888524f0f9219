// Factorials that the threads of one job begin with: numbers near each other are multiplied on from one, and that is
// computed once.
#pragma once

#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <vector>

#include "worker/kinds/factorial/radix.h"
#include "worker/kinds/kind.h"

namespace brigade::worker {

/// n! as somebody computed it.
struct Start {
  std::uint64_t n = 0;
  Limbs limbs;
};
using StartPtr = std::shared_ptr<const Start>;

/// Smaller numbers are computed sooner than waited for.
inline constexpr std::uint64_t kSharedFrom = 10'000;
/// Larger ones would stay in memory twice.
inline constexpr std::uint64_t kSharedBytesMax = std::uint64_t{4} << 20;

/// Whether threads share n!.
bool is_shared(std::uint64_t n);

/// What the threads of a job have computed and still hold, and what they compute now. Thread-safe.
class Starts {
 public:
  /// Where the task of `feed` reaches n! from, maybe n! itself: what another thread has computed, or, after waiting for
  /// it and lending it this one's core, computes now. Where there is none, what `compute` makes of n, for others to
  /// wait for; null where it is given up.
  StartPtr obtain(std::uint64_t n, const TaskFeed& feed, const std::function<StartPtr()>& compute);

 private:
  /// Null: from now on n! is coming, until settle().
  StartPtr find_or_claim(std::uint64_t n, const TaskFeed& feed);
  void settle(std::uint64_t n, const StartPtr& start);
  StartPtr nearest(std::uint64_t n);
  bool is_coming(std::uint64_t n) const;

  std::mutex mutex_;
  std::condition_variable_any changed_;
  std::vector<std::weak_ptr<const Start>> there_;  // those who use them hold them
  std::vector<std::uint64_t> coming_;
};

}  // namespace brigade::worker
