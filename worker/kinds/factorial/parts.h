// One huge factorial in parts that workers compute apart. n! is the product of p^e over the primes p <= n (Legendre
// says e), and a part is the same product over some of the primes. So a part has the prime swing's recursion to itself:
// its squares are of its own length, and all parts together cost hardly more than n! at once. (Parts 1·…·a, a+1·…·b, …
// of equal length are cheap to name, but each is a plain product tree, without squares.)
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "worker/kinds/factorial/radix.h"
#include "worker/kinds/factorial/swing.h"

namespace brigade::worker {

/// The primes <= n, in order, that parts are made of: in binary not 2, whose power is a shift at the end.
std::vector<std::uint32_t> primes_of_parts(Radix radix, std::uint32_t n);
/// Those of them that part number `part` of `parts` has: the same wherever it is asked, and so that the parts are about
/// equally long. REQUIRES: part < parts.
std::vector<std::uint32_t> primes_of_part(const std::vector<std::uint32_t>& primes, std::uint32_t n, std::uint32_t part,
                                          std::uint32_t parts);

/// The number of the first part that is none of n!, by its residues; nothing when all are right.
std::optional<std::size_t> first_wrong_part(Radix radix, std::uint32_t n, const std::vector<Limbs>& parts, Team team);
/// n! from all its parts, which are used up; nothing once it was given up. REQUIRES: kernels_available().
std::optional<Limbs> merged(Radix radix, std::uint32_t n, std::vector<Limbs> parts, const Effort& effort);

}  // namespace brigade::worker
