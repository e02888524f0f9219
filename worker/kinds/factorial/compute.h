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
  /// Gives memory back when it is much.
  void trim() { swing_.trim(); }

 private:
  SwingFactorial swing_;
};

/// With GMP alone: for small n, and for processors that lack what our own transforms need.
Limbs gmp_factorial(Radix radix, std::uint64_t n);

}  // namespace brigade::worker
