// How large n! is, known before it is computed.
#pragma once

#include <cstdint>
#include <optional>

namespace brigade::worker {

/// log10(n!), good to about 1e-9 for any n that can be computed.
long double log10_factorial(std::uint64_t n);
/// Decimal digits of n!, or nothing where log10(n!) is too near a whole number to tell.
std::optional<std::uint64_t> digits_of_factorial(std::uint64_t n);
/// The exponent of the prime p in n! (Legendre: n/p + n/p² + …).
std::uint64_t exponent_in_factorial(std::uint64_t n, std::uint64_t p);
/// Bytes that n! has in binary, never too few.
std::uint64_t bytes_of_factorial(std::uint64_t n);

}  // namespace brigade::worker
