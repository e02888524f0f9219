// n! from its prime factors: n! = (n/2)!² · swing(n), where swing(n) = n! / (n/2)!² has few and mostly single primes
// (Luschny's prime swing, close to Schönhage's and GMP's way). What costs is one square per halving of n.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <vector>

#include "worker/kinds/factorial/multiply.h"
#include "worker/kinds/factorial/radix.h"
#include "worker/kinds/factorial/roots.h"
#include "worker/kinds/team.h"

namespace brigade::worker {

/// What a factorial may use, and when to leave it.
struct Effort {
  Team team;
  std::function<bool()> given_up = [] { return false; };  ///< asked before each piece of a long step; then it stays so
};

/// One thread's; keeps its tables from one factorial to the next.
class SwingFactorial {
 public:
  /// n! in the radix, or nothing once `given_up`, asked before each piece of a long product, says so;
  /// then it must stay so.
  /// REQUIRES: kernels_available(); n was checked against a limit.
  std::optional<Limbs> of(Radix radix, std::uint32_t n, Team team, const std::function<bool()>& given_up);
  /// The product of p^e over `primes` alone, p^e being the power of p in n!; in binary without those of 2. It costs
  /// what a factorial of that length costs: the recursion is the same, p by p.
  std::optional<Limbs> part_of(Radix radix, std::uint32_t n, const std::vector<std::uint32_t>& primes,
                               const Effort& effort);
  /// to! where from! = `number`: all that is between is multiplied with itself first, and then once with the number.
  /// The same holds for giving up. REQUIRES: from < to.
  std::optional<Limbs> leap(Radix radix, LimbsView number, std::uint32_t from, std::uint32_t to, const Effort& effort);
  /// Gives the memory back when it is much.
  void trim();

 private:
  struct Powers {
    std::uint32_t n = 0;
    const std::vector<std::uint32_t>& primes;
    std::size_t limbs = 0;  ///< of their product, at most
  };
  std::optional<Limbs> product_of_powers(Radix radix, const Powers& powers, const Effort& effort);

  Roots roots_;
};

/// The factors of swing(n), without those of 2 in binary, as limbs that hold as many as fit.
/// Of the primes in `primes` alone, which are in order; what is above n does not count.
Limbs swing_factors(Radix radix, std::uint32_t n, const std::vector<std::uint32_t>& primes);

}  // namespace brigade::worker
