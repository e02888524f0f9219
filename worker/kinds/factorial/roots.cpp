#include "worker/kinds/factorial/roots.h"

#include <bit>

#include "proto/model/result.h"
#include "worker/kinds/factorial/radix.h"

namespace brigade::worker {
namespace {

constexpr std::array<std::uint64_t, 3> kNonResidues{5, 3, 17};  // no squares modulo the primes

std::uint64_t power(std::uint64_t base, std::uint64_t exponent, std::uint64_t p) {
  std::uint64_t result = 1;
  for (; exponent > 0; exponent /= 2) {
    if (exponent % 2 == 1) result = static_cast<std::uint64_t>(Wide{result} * base % p);
    base = static_cast<std::uint64_t>(Wide{base} * base % p);
  }
  return result;
}

/// In -p/2..p/2.
double centred(std::uint64_t value, std::uint64_t p) {
  return value > p / 2 ? -static_cast<double>(p - value) : static_cast<double>(value);
}

/// A root of unity of this order (a power of two up to 2^26); the square of one is the one of half the order.
double root_of_unity(std::size_t prime, std::uint64_t order) {
  const std::uint64_t p = kPrimes[prime];
  require((p - 1) % order == 0);
  return centred(power(kNonResidues[prime], (p - 1) / order, p), p);
}

/// 1/value.
double inverse(std::size_t prime, std::uint64_t value) {
  const std::uint64_t p = kPrimes[prime];
  return centred(power(value % p, p - 2, p), p);
}

}  // namespace

Roots::Roots() {
  for (std::size_t q = 0; q < 3; ++q) {
    const auto p = static_cast<double>(kPrimes[q]);
    tables_[q] = {1.0};
    fields_[q] = {.p = p, .inverse = 1 / p, .i = root_of_unity(q, 4), .roots = nullptr};
    for (std::size_t k = 0; k < kPowers; ++k) inverse_powers_[q][k] = inverse(q, std::uint64_t{1} << k);
  }
  garner_ = {
      .inverse_01 = inverse(1, kPrimes[0]), .inverse_02 = inverse(2, kPrimes[0]), .inverse_12 = inverse(2, kPrimes[1])};
}

void Roots::grow_to(std::size_t size) {
  for (std::size_t q = 0; q < 3; ++q) {
    std::size_t filled = tables_[q].size();
    if (filled < size / 2) tables_[q].resize(size / 2);
    for (; filled < size / 2; filled *= 2)
      extend_roots(fields_[q], tables_[q].data(), filled, root_of_unity(q, 8 * filled));
    fields_[q].roots = tables_[q].data();
  }
}

double Roots::root(std::size_t prime, std::size_t index) const {
  const Field& field = fields_[prime];
  return index % 2 == 0 ? field.roots[index / 2] : multiply(field, field.i, field.roots[index / 2]);
}

}  // namespace brigade::worker
