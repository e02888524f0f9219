#include "worker/kinds/factorial/primes.h"

#include <algorithm>
#include <cmath>

namespace brigade::worker {
namespace {

constexpr std::uint64_t kSegment = 1 << 16;  // odd numbers sieved at once: a byte each, in the processor's first cache

/// The odd primes <= n by the plain sieve; n is small.
std::vector<std::uint32_t> odd_primes_up_to(std::uint32_t n) {
  std::vector<bool> composite(n + 1, false);
  std::vector<std::uint32_t> primes;
  for (std::uint32_t k = 3; k <= n; k += 2) {
    if (composite[k]) continue;
    primes.push_back(k);
    for (std::uint64_t multiple = std::uint64_t{k} * k; multiple <= n; multiple += 2 * std::uint64_t{k})
      composite[multiple] = true;
  }
  return primes;
}

}  // namespace

std::vector<std::uint32_t> primes_up_to(std::uint32_t n) {
  std::vector<std::uint32_t> primes;
  if (n >= 2) primes.push_back(2);
  const auto root = static_cast<std::uint32_t>(std::sqrt(static_cast<double>(n)) + 1);
  const std::vector<std::uint32_t> divisors = odd_primes_up_to(root);
  std::vector<std::uint8_t> composite(kSegment);
  for (std::uint64_t first = 3; first <= n; first += 2 * kSegment) {
    const std::uint64_t end = std::min(first + 2 * kSegment, std::uint64_t{n} + 1);
    std::fill(composite.begin(), composite.end(), 0);
    for (const std::uint64_t p : divisors) {
      if (p * p >= end) break;
      std::uint64_t multiple = std::max(p * p, (first + p - 1) / p * p);
      if (multiple % 2 == 0) multiple += p;
      for (; multiple < end; multiple += 2 * p) composite[(multiple - first) / 2] = 1;
    }
    for (std::uint64_t k = first; k < end; k += 2)
      if (composite[(k - first) / 2] == 0) primes.push_back(static_cast<std::uint32_t>(k));
  }
  return primes;
}

}  // namespace brigade::worker
