// n! as limbs, computed from the last one where that is near, below or above: without a conversion.
#pragma once

#include <cstddef>
#include <cstdint>

#include "worker/kinds/factorial/radix.h"

namespace brigade::worker {

/// So far from one argument to the next, multiplying on or dividing back is quick.
inline constexpr std::uint64_t kStepsUp = 256;
inline constexpr std::uint64_t kStepsDown = 96;
/// And so far, by a part of the larger one, a leap with one long multiplication beats computing anew (where the
/// processor has what that takes), by measurement (tests/bench/factorial_bench.cpp).
inline constexpr std::uint64_t kLeapPart = 8;
inline constexpr std::uint64_t kLeapsFrom = 10'000;  // smaller numbers are computed as quickly
/// What is larger is not kept for the next task.
inline constexpr std::size_t kKeptBytesMax = std::size_t{32} << 20;

constexpr bool is_near(std::uint64_t from, std::uint64_t to) {
  return to >= from ? to - from <= kStepsUp : from - to <= kStepsDown;
}
constexpr bool is_leap(std::uint64_t from, std::uint64_t to) {
  return to >= kLeapsFrom && to > from && to - from <= to / kLeapPart;
}

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

class Product {
 public:
  explicit Product(Radix radix) : radix_(radix) {}

  /// Begins with n! = `limbs`.
  void set(std::uint64_t n, Limbs limbs);
  /// Multiplies on, or divides back, to n!; false when that is out of reach, or nothing was set. Where it throws,
  /// nothing is set any more.
  bool reach(std::uint64_t n);
  std::uint64_t n() const { return n_; }
  /// Of n()!; empty when nothing is set.
  LimbsView limbs() const { return limbs_; }
  /// Forgets the number when it is large.
  void trim();

 private:
  const Radix radix_;
  Limbs limbs_;
  std::uint64_t n_ = 0;
};

}  // namespace brigade::worker
