#include "worker/kinds/factorial/swing.h"

#include <gmp.h>

#include <algorithm>
#include <cmath>
#include <optional>

#include "worker/kinds/factorial/primes.h"
#include "worker/kinds/factorial/product.h"
#include "worker/kinds/factorial/size.h"

namespace brigade::worker {
namespace {

constexpr std::uint32_t kOneLimb = 20;        // 20! fits into a limb of either radix
constexpr std::size_t kLeaf = 16;             // factors multiplied one by one
constexpr std::size_t kSharedFactors = 4096;  // from which on a product is worth other threads
constexpr std::size_t kShares = 16;

/// The product of a list of factors, halves first.
Limbs product_of(Radix radix, LimbsView factors, Multiplier& multiplier) {
  if (factors.size() <= kLeaf) {
    Limbs product{1};
    for (const std::uint64_t factor : factors) multiply_by(radix, product, factor);
    return product;
  }
  const std::size_t half = factors.size() / 2;
  const Limbs low = product_of(radix, factors.first(half), multiplier);
  return multiplier.multiply(low, product_of(radix, factors.subspan(half), multiplier));
}

/// The same on all threads: first each its shares alone, then the few long products together.
Limbs shared_product_of(Radix radix, LimbsView factors, const Roots& roots, Team team, Multiplier& multiplier) {
  if (factors.size() < kSharedFactors) return product_of(radix, factors, multiplier);
  std::vector<Limbs> shares(kShares);
  team.each(kShares, [&](std::size_t i) {
    const std::size_t begin = factors.size() * i / kShares, end = factors.size() * (i + 1) / kShares;
    Multiplier alone(radix, roots, Team());
    shares[i] = product_of(radix, factors.subspan(begin, end - begin), alone);
  });
  for (; shares.size() > 1; shares.resize(shares.size() / 2))
    for (std::size_t i = 0; i < shares.size() / 2; ++i)
      shares[i] = multiplier.multiply(shares[2 * i], shares[2 * i + 1]);
  return std::move(shares.front());
}

/// The product of p^e over `primes`, p^e being the power of p in n!; in binary without those of 2. n <= kOneLimb.
std::uint64_t small_product(Radix radix, std::uint32_t n, const std::vector<std::uint32_t>& primes) {
  std::uint64_t product = 1;
  for (const std::uint32_t p : primes) {
    if (p > n) break;
    if (p == 2 && radix == Radix::binary) continue;
    for (std::uint64_t e = exponent_in_factorial(n, p); e > 0; --e) product *= p;
  }
  return product;
}

std::size_t limbs_of_factorial(Radix radix, std::uint32_t n) {
  if (radix == Radix::binary) return bytes_of_factorial(n) / sizeof(std::uint64_t) + 2;
  return static_cast<std::size_t>(log10_factorial(n)) / kLimbDigits + 2;
}

std::size_t limbs_of_powers(Radix radix, std::uint32_t n, const std::vector<std::uint32_t>& primes) {
  double bits = 0;
  for (const std::uint32_t p : primes)
    bits += static_cast<double>(exponent_in_factorial(n, p)) * std::log2(static_cast<double>(p));
  return static_cast<std::size_t>(bits / (radix == Radix::binary ? 64 : kLimbDigits * std::log2(10.0))) + 2;
}

}  // namespace

Limbs swing_factors(Radix radix, std::uint32_t n, const std::vector<std::uint32_t>& primes) {
  Limbs factors;
  std::uint64_t product = 1;
  const auto take = [&](std::uint64_t p) {
    std::uint64_t next = 0;
    if (__builtin_mul_overflow(product, p, &next) || (radix == Radix::decimal && next >= kTenTo19)) {
      factors.push_back(product);
      next = p;
    }
    product = next;
  };
  for (const std::uint32_t p : primes) {
    if (p > n) break;
    if (p == 2 && radix == Radix::binary) continue;
    // The exponent of p in n! / (n/2)!², by Legendre's formula.
    for (std::uint32_t quotient = n / p; quotient > 0; quotient /= p)
      if (quotient % 2 == 1) take(p);
  }
  factors.push_back(product);
  return factors;
}

std::optional<Limbs> SwingFactorial::of(Radix radix, std::uint32_t n, Team team,
                                        const std::function<bool()>& given_up) {
  const std::vector<std::uint32_t> primes = primes_up_to(n);
  const Effort effort{.team = team, .given_up = given_up};
  std::optional<Limbs> odd = product_of_powers(radix, {n, primes, limbs_of_factorial(radix, n)}, effort);
  if (odd && radix == Radix::binary) return shifted(*odd, exponent_in_factorial(n, 2));
  return odd;
}

std::optional<Limbs> SwingFactorial::part_of(Radix radix, std::uint32_t n, const std::vector<std::uint32_t>& primes,
                                             const Effort& effort) {
  return product_of_powers(radix, {n, primes, limbs_of_powers(radix, n, primes)}, effort);
}

std::optional<Limbs> SwingFactorial::leap(Radix radix, LimbsView number, std::uint32_t from, std::uint32_t to,
                                          const Effort& effort) {
  const Team team = effort.team.until(effort.given_up);
  roots_.grow_to(Multiplier::largest_transform(limbs_of_factorial(radix, to)));
  Multiplier multiplier(radix, roots_, team);
  Limbs factors;
  for_factors(from, to, [&](std::uint64_t factor) { factors.push_back(factor); });
  const Limbs between = shared_product_of(radix, factors, roots_, team, multiplier);
  if (effort.given_up()) return std::nullopt;
  Limbs product = multiplier.multiply(number, between);
  if (effort.given_up()) return std::nullopt;
  return product;
}

std::optional<Limbs> SwingFactorial::product_of_powers(Radix radix, const Powers& powers, const Effort& effort) {
  const auto& [n, primes, limbs] = powers;
  const std::function<bool()>& given_up = effort.given_up;
  const Team team = effort.team.until(given_up);
  roots_.grow_to(Multiplier::largest_transform(limbs));
  Multiplier multiplier(radix, roots_, team);
  multiplier.reserve(limbs);
  int halvings = 0;
  while (n >> halvings > kOneLimb) ++halvings;
  Limbs number{small_product(radix, n >> halvings, primes)};
  while (halvings-- > 0) {
    if (given_up()) return std::nullopt;
    const Limbs swing = shared_product_of(radix, swing_factors(radix, n >> halvings, primes), roots_, team, multiplier);
    number = multiplier.square(number);
    if (given_up()) return std::nullopt;
    number = multiplier.multiply(number, swing);
  }
  if (given_up()) return std::nullopt;
  return number;
}

void SwingFactorial::trim() {
  if (roots_.bytes() > kKeptBytesMax) roots_ = Roots();
}

}  // namespace brigade::worker
