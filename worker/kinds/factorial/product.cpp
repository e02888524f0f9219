#include "worker/kinds/factorial/product.h"

#include <utility>

namespace brigade::worker {
namespace {

/// Calls `step` with factors whose product is (low+1)·(low+2)·…·high, each of as many of these as fit.
template <class Step>
void for_factors(std::uint64_t low, std::uint64_t high, Step step) {
  std::uint64_t factor = 1;
  while (low < high) {
    ++low;
    std::uint64_t product = 0;
    if (__builtin_mul_overflow(factor, low, &product)) {
      step(factor);
      product = low;
    }
    factor = product;
  }
  if (factor != 1) step(factor);
}

}  // namespace

void Product::set(std::uint64_t n, Limbs limbs) {
  n_ = n;
  limbs_ = std::move(limbs);
}

bool Product::reach(std::uint64_t n) {
  if (limbs_.empty() || !is_reachable(n_, n)) return false;
  Limbs limbs = std::exchange(limbs_, {});  // for want of memory a step may throw in its middle
  if (n >= n_) {
    for_factors(n_, n, [&](std::uint64_t factor) { multiply_by(radix_, limbs, factor); });
  } else {
    for_factors(n, n_, [&](std::uint64_t factor) { divide_by(radix_, limbs, factor); });
  }
  set(n, std::move(limbs));
  return true;
}

void Product::trim() {
  if (limbs_.size() * sizeof(std::uint64_t) > kKeptBytesMax) limbs_ = {};
}

}  // namespace brigade::worker
