// The kinds that measure and test the runner itself.
#pragma once

#include "worker/kinds/kind.h"

namespace brigade::worker {

/// Answers with its own number.
Kind noop_kind();
/// Answers with its argument.
Kind echo_kind();
/// Waits for so many nanoseconds.
Kind sleep_kind();
/// Burns so many nanoseconds of its thread's CPU clock.
Kind spin_kind();

}  // namespace brigade::worker
