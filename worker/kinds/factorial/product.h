// n! as limbs, computed from the last one where that is near, below or above: without a conversion.
#pragma once

#include <cstddef>
#include <cstdint>

#include "worker/kinds/factorial/radix.h"

namespace brigade::worker {

/// So far from one argument to the next, multiplying on or dividing back beats computing anew.
inline constexpr std::uint64_t kStepsUp = 256;
inline constexpr std::uint64_t kStepsDown = 96;
/// What is larger is not kept for the next task.
inline constexpr std::size_t kKeptBytesMax = std::size_t{32} << 20;

/// Whether to go from one argument to the other so.
constexpr bool is_reachable(std::uint64_t from, std::uint64_t to) {
  return to >= from ? to - from <= kStepsUp : from - to <= kStepsDown;
}

class Product {
 public:
  explicit Product(Radix radix) : radix_(radix) {}

  /// Begins with n! = `limbs`.
  void set(std::uint64_t n, Limbs limbs);
  /// Multiplies on, or divides back, to n!; false when that is out of reach, or nothing was set. Where it throws,
  /// nothing is set any more.
  bool reach(std::uint64_t n);
  LimbsView limbs() const { return limbs_; }
  /// Forgets the number when it is large.
  void trim();

 private:
  const Radix radix_;
  Limbs limbs_;
  std::uint64_t n_ = 0;
};

}  // namespace brigade::worker
