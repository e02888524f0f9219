// The primes up to a number.
#pragma once

#include <cstdint>
#include <vector>

namespace brigade::worker {

/// All primes <= n, in order.
std::vector<std::uint32_t> primes_up_to(std::uint32_t n);

}  // namespace brigade::worker
