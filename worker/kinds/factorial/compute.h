// One factorial, by the way that is fastest for its size.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>

#include "worker/kinds/factorial/radix.h"
#include "worker/kinds/factorial/swing.h"
#include "worker/kinds/team.h"

namespace brigade::worker {

/// What a factorial may use, and when to leave it.
struct Effort {
  Team team;
  std::function<bool()> given_up = [] { return false; };  ///< asked before each piece of a long step; then it stays so
};

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
