// The kind `factorial`: n! with GMP.
#pragma once

#include <cstdint>

#include "worker/kinds/kind.h"

namespace brigade::worker {

/// Arguments above `n_max` are refused with `too_large`.
Kind factorial_kind(std::uint64_t n_max);

}  // namespace brigade::worker
