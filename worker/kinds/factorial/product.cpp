#include "worker/kinds/factorial/product.h"

#include <utility>

namespace brigade::worker {

void Product::set(std::uint64_t n, Limbs limbs) {
  n_ = n;
  limbs_ = std::move(limbs);
}

bool Product::reach(std::uint64_t n) {
  if (limbs_.empty() || n < n_ || n - n_ > kStepsMax) return false;
  std::uint64_t factor = 1;  // as many of n_+1, n_+2, … as fit
  while (n_ < n) {
    ++n_;
    std::uint64_t product = 0;
    if (__builtin_mul_overflow(factor, n_, &product)) {
      multiply_by(radix_, limbs_, factor);
      product = n_;
    }
    factor = product;
  }
  if (factor != 1) multiply_by(radix_, limbs_, factor);
  return true;
}

void Product::trim() {
  if (limbs_.size() * sizeof(std::uint64_t) > kKeptBytesMax) limbs_ = {};
}

}  // namespace brigade::worker
