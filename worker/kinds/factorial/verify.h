// A factorial checked against what is known of it without computing it.
#pragma once

#include <cstdint>

namespace brigade::worker {

/// A prime: residues modulo it tell wrong numbers from right ones all but one time in 10^18.
inline constexpr std::uint64_t kCheckPrime = (std::uint64_t{1} << 61) - 1;

/// n! modulo kCheckPrime by multiplying 1..n; goes on from the last n where that is smaller.
class FactorialResidue {
 public:
  std::uint64_t of(std::uint64_t n);

 private:
  std::uint64_t n_ = 0;
  std::uint64_t residue_ = 1;
};

/// The exponent of the prime p in n! (Legendre: n/p + n/p² + …).
std::uint64_t exponent_in_factorial(std::uint64_t n, std::uint64_t p);

}  // namespace brigade::worker
