#include "worker/kinds/factorial/parts.h"

#include <algorithm>
#include <bit>
#include <span>
#include <utility>

#include "worker/kinds/factorial/multiply.h"
#include "worker/kinds/factorial/primes.h"
#include "worker/kinds/factorial/size.h"
#include "worker/kinds/factorial/verify.h"

namespace brigade::worker {
namespace {

/// So many primes for each part are given to the part that is lightest so far. The power of 3 alone is n·0.8 bits long;
/// the others weigh little, and their neighbours nearly the same: they go round.
constexpr std::size_t kWeighed = 64;

/// The length of p^exponent in eighths of a bit, give or take one for each p. In whole numbers, which are the same on
/// all machines.
std::uint64_t weight_of(std::uint32_t p, std::uint64_t exponent) {
  const Wide fourth = Wide{std::uint64_t{p} * p} * (std::uint64_t{p} * p);
  const auto high = static_cast<std::uint64_t>(fourth >> 64), low = static_cast<std::uint64_t>(fourth);
  const std::uint64_t quarters = high > 0 ? 64 + std::bit_width(high) : std::bit_width(low);
  return exponent * (2 * quarters - 1);
}

/// The product of some numbers, halves first; whatever, once it was given up.
Limbs product_of(std::span<Limbs> numbers, Multiplier& multiplier, const Effort& effort) {
  if (numbers.size() == 1) return std::move(numbers.front());
  const std::size_t half = numbers.size() / 2;
  const Limbs low = product_of(numbers.first(half), multiplier, effort);
  const Limbs high = product_of(numbers.subspan(half), multiplier, effort);
  if (effort.given_up()) return {};
  return multiplier.multiply(low, high);
}

}  // namespace

std::vector<std::uint32_t> primes_of_parts(Radix radix, std::uint32_t n) {
  std::vector<std::uint32_t> primes = primes_up_to(n);
  if (radix == Radix::binary && !primes.empty()) primes.erase(primes.begin());
  return primes;
}

std::vector<std::uint32_t> primes_of_part(const std::vector<std::uint32_t>& primes, std::uint32_t n, std::uint32_t part,
                                          std::uint32_t parts) {
  std::vector<std::uint32_t> chosen;
  chosen.reserve(primes.size() / parts + kWeighed);
  std::vector<std::uint64_t> weights(parts, 0);
  const std::size_t weighed = std::min(primes.size(), kWeighed * parts);
  for (std::size_t i = 0; i < weighed; ++i) {
    const auto lightest = std::min_element(weights.begin(), weights.end());
    *lightest += weight_of(primes[i], exponent_in_factorial(n, primes[i]));
    if (lightest - weights.begin() == part) chosen.push_back(primes[i]);
  }
  for (std::size_t i = weighed + part; i < primes.size(); i += parts) chosen.push_back(primes[i]);
  return chosen;
}

std::optional<std::size_t> first_wrong_part(Radix radix, std::uint32_t n, const std::vector<Limbs>& parts, Team team) {
  const std::vector<std::uint32_t> primes = primes_of_parts(radix, n);
  std::vector<char> right(parts.size(), 0);
  team.each(parts.size(), [&](std::size_t i) {
    const auto mine =
        primes_of_part(primes, n, static_cast<std::uint32_t>(i), static_cast<std::uint32_t>(parts.size()));
    right[i] = residues_of(radix, parts[i]) == residues_of_powers(n, mine) ? 1 : 0;
  });
  const auto wrong = std::find(right.begin(), right.end(), 0);
  if (wrong == right.end()) return std::nullopt;
  return static_cast<std::size_t>(wrong - right.begin());
}

std::optional<Limbs> merged(Radix radix, std::uint32_t n, std::vector<Limbs> parts, const Effort& effort) {
  std::size_t limbs = 0;
  for (const Limbs& part : parts) limbs += part.size();
  Roots roots;
  roots.grow_to(Multiplier::largest_transform(limbs));
  Multiplier multiplier(radix, roots, effort.team.until(effort.given_up));
  const Limbs product = product_of(parts, multiplier, effort);
  if (effort.given_up()) return std::nullopt;
  if (radix == Radix::decimal) return product;
  return shifted(product, exponent_in_factorial(n, 2));
}

}  // namespace brigade::worker
