#include "worker/kinds/factorial/product.h"

#include <utility>

namespace brigade::worker {
namespace {

/// limbs · (from+1)·…·to: the few factors first with each other.
Limbs raised(Radix radix, Limbs limbs, std::uint64_t from, std::uint64_t to) {
  Limbs between{1};
  for_factors(from, to, [&](std::uint64_t factor) { multiply_by(radix, between, factor); });
  if (between.size() == 1) {
    multiply_by(radix, limbs, between.front());
    return limbs;
  }
  if (limbs.size() < between.size()) std::swap(limbs, between);
  Limbs product(limbs.size() + between.size());
  multiply_short(radix, limbs, between, product.data());
  trim(product);
  return product;
}

}  // namespace

void Product::set(std::uint64_t n, Limbs limbs) {
  n_ = n;
  limbs_ = std::move(limbs);
}

bool Product::reach(std::uint64_t n) {
  if (limbs_.empty() || !is_near(n_, n)) return false;
  if (n == n_) return true;
  Limbs limbs = std::exchange(limbs_, {});  // for want of memory a step may throw in its middle
  if (n >= n_) {
    limbs = raised(radix_, std::move(limbs), n_, n);
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
