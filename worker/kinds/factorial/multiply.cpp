#include "worker/kinds/factorial/multiply.h"

#include <algorithm>
#include <utility>

namespace brigade::worker {
namespace {

// Chosen by measurement (tests/bench/factorial_bench.cpp).
constexpr std::size_t kShortDecimal = 40;  // limbs of the shorter factor up to which the school's method wins
constexpr std::size_t kShortBinary = 400;  // and GMP's methods
constexpr std::size_t kBlockRatio = 3;     // a factor longer than this is multiplied in blocks
// What is transformed at once, however long the product: a block of less than twice the ratio, and the other factor.
constexpr std::size_t kTransformedMax = (2 * kBlockRatio + 1) * kTermsMax;

}  // namespace

std::size_t Multiplier::short_max() const {
  return radix_ == Radix::decimal ? kShortDecimal : kShortBinary;
}

std::size_t Multiplier::largest_transform(std::size_t product_limbs) {
  return shape_for(std::min(product_limbs, kTransformedMax)).largest();
}

void Multiplier::reserve(std::size_t product_limbs) {
  x_.reserve(shape_for(std::min(product_limbs, kTransformedMax)).length);
}

Limbs Multiplier::multiply(LimbsView a, LimbsView b) {
  if (a.size() < b.size()) std::swap(a, b);
  if (b.empty()) return {};
  Limbs product;
  if (b.size() <= short_max()) {
    product.resize(a.size() + b.size());
    multiply_short(radix_, a, b, product.data());
  } else if (b.size() > kTermsMax) {
    product = multiply(a, b.first(kTermsMax));
    const Limbs upper = multiply(a, b.subspan(kTermsMax));
    if (convolution_.stopped()) return {};
    product.resize(a.size() + b.size());
    add(radix_, std::span(product).subspan(kTermsMax), upper);
  } else {
    product = multiply_in_blocks(a, b);
  }
  trim(product);
  return product;
}

Limbs Multiplier::square(LimbsView a) {
  if (a.size() <= short_max() || a.size() > kTermsMax) return multiply(a, a);
  Limbs product(2 * a.size());
  const Shape shape = shape_for(product.size() - 1);
  convolution_.transform(shape, a, x_);
  convolution_.multiply(radix_, shape, x_, x_, product);
  trim(product);
  return product;
}

Limbs Multiplier::multiply_in_blocks(LimbsView a, LimbsView b) {
  const std::size_t blocks = std::max<std::size_t>(1, a.size() / (kBlockRatio * b.size()));
  const std::size_t block = (a.size() + blocks - 1) / blocks;
  const Shape shape = shape_for(block + b.size() - 1);
  convolution_.transform(shape, b, y_);
  Limbs product(a.size() + b.size());
  Limbs part;
  for (std::size_t at = 0; at < a.size(); at += block) {
    const LimbsView factor = a.subspan(at, std::min(block, a.size() - at));
    part.resize(factor.size() + b.size());
    convolution_.transform(shape, factor, x_);
    convolution_.multiply(radix_, shape, x_, y_, part);
    if (convolution_.stopped()) return {};  // a part that is anything need not fit where it belongs
    add(radix_, std::span(product).subspan(at), part);
  }
  return product;
}

}  // namespace brigade::worker
