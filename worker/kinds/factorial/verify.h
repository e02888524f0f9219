// A factorial checked against what is known of it without computing it.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "worker/kinds/factorial/radix.h"

namespace brigade::worker {

/// Residues modulo the primes 2^61 - 1 and 2^61 - 31: these alone miss a wrong number once in 10^36.
using Residues = std::array<std::uint64_t, 2>;

Residues residues_of(Radix radix, LimbsView number);

class FactorialCheck {
 public:
  /// Whether `number` can be n!: its residues are those of 1·2·…·n; the zeros at its end, in binary or decimal, are as
  /// many as Legendre's formula says; and in decimal its digits are as many as Stirling's series says.
  bool stands(std::uint64_t n, Radix radix, LimbsView number);

 private:
  const Residues& residues_of_factorial(std::uint64_t n);

  std::uint64_t n_ = 0;  // goes on from the last n where that is smaller
  Residues residues_{1, 1};
};

/// What the product of p^e over these primes leaves, p^e being the power of p in n!: from Legendre's formula alone.
Residues residues_of_powers(std::uint64_t n, const std::vector<std::uint32_t>& primes);

}  // namespace brigade::worker
