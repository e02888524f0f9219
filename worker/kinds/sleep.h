// How long a sleep takes, shared by its two forms.
#pragma once

#include <chrono>
#include <cstdint>

#include "worker/kinds/kind.h"

namespace brigade::worker {

/// Longer sleeps are cut to this, so that no clock overflows.
inline constexpr Duration kSleepMax = std::chrono::hours(24 * 365 * 10);

struct SleepEnd {
  Duration wait{};
  bool too_long = false;  ///< the task's deadline comes first
};
SleepEnd sleep_end(std::uint64_t ns, Instant deadline);

/// The coroutine (sleep_loop.cpp): a timer of the loop.
LoopRunner sleep_on_loop();

}  // namespace brigade::worker
