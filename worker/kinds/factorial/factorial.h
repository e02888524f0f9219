// The kind `factorial`: n! with GMP.
#pragma once

#include <cstdint>

#include "worker/kinds/kind.h"

namespace brigade::worker {

/// Arguments above `n_max` are refused with `too_large`.
/// `memory_max`: bytes that one task may take; 0: no limit.
Kind factorial_kind(std::uint64_t n_max, std::uint64_t memory_max = 0);

}  // namespace brigade::worker
