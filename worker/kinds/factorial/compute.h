// One factorial, by the way that is fastest for its size.
#pragma once

#include <cstdint>
#include <optional>

#include "worker/kinds/factorial/radix.h"
#include "worker/kinds/factorial/swing.h"

namespace brigade::worker {

/// One thread's; keeps tables from one factorial to the next.
class Factorial {
 public:
  /// n!, or nothing once it was given up. REQUIRES: n was checked against a limit: GMP ends the process without memory.
  std::optional<Limbs> of(Radix radix, std::uint64_t n, const Effort& effort);
  /// Whether from! leads to to! sooner than computing that anew, by leap().
  static bool can_leap(std::uint64_t from, std::uint64_t to);
  /// to! where from! = `number`, or nothing once it was given up.
  std::optional<Limbs> leap(Radix radix, LimbsView number, std::uint64_t from, std::uint64_t to, const Effort& effort) {
    return swing_.leap(radix, number, static_cast<std::uint32_t>(from), static_cast<std::uint32_t>(to), effort);
  }
  /// Gives memory back when it is much.
  void trim() { swing_.trim(); }

 private:
  SwingFactorial swing_;
};

/// With GMP alone: for small n, and for processors that lack what our own transforms need.
Limbs gmp_factorial(Radix radix, std::uint64_t n);

}  // namespace brigade::worker
