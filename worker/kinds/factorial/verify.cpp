#include "worker/kinds/factorial/verify.h"

#include <bit>
#include <optional>

#include "worker/kinds/factorial/size.h"

namespace brigade::worker {
namespace {

/// Modulo 2^61 - c: x·2^61 + y is x·c + y.
template <std::uint64_t c>
std::uint64_t reduced(Wide value) {
  constexpr std::uint64_t kMask = (std::uint64_t{1} << 61) - 1;
  const Wide once = Wide{static_cast<std::uint64_t>(value >> 61)} * c + (static_cast<std::uint64_t>(value) & kMask);
  const std::uint64_t twice = static_cast<std::uint64_t>(once >> 61) * c + (static_cast<std::uint64_t>(once) & kMask);
  return twice > kMask - c ? twice - (kMask - c + 1) : twice;
}

/// (residues · factor + term) modulo each prime. REQUIRES: factor and term modulo the prime, or below 2^64.
void multiply_add(Residues& residues, const Residues& factor, std::uint64_t term) {
  residues[0] = reduced<1>(Wide{residues[0]} * factor[0] + term);
  residues[1] = reduced<31>(Wide{residues[1]} * factor[1] + term);
}

std::uint64_t zeros_at_end(Radix radix, LimbsView number) {
  std::uint64_t zeros = 0;
  for (std::uint64_t limb : number) {
    if (limb == 0) {
      zeros += radix == Radix::binary ? 64 : kLimbDigits;
      continue;
    }
    if (radix == Radix::binary) return zeros + static_cast<std::uint64_t>(std::countr_zero(limb));
    for (; limb % 10 == 0; limb /= 10) ++zeros;
    return zeros;
  }
  return zeros;
}

std::uint64_t decimal_digits(LimbsView number) {
  std::uint64_t digits = (number.size() - 1) * kLimbDigits;
  for (std::uint64_t first = number.back(); first > 0; first /= 10) ++digits;
  return digits;
}

}  // namespace

Residues residues_of(Radix radix, LimbsView number) {
  const Wide base = radix == Radix::binary ? Wide{1} << 64 : Wide{kTenTo19};
  const Residues bases{reduced<1>(base), reduced<31>(base)};
  Residues residues{};
  for (std::size_t k = number.size(); k-- > 0;) multiply_add(residues, bases, number[k]);
  return residues;
}

const Residues& FactorialCheck::residues_of_factorial(std::uint64_t n) {
  if (n < n_) {
    n_ = 0;
    residues_ = {1, 1};
  }
  while (n_ < n) {
    ++n_;
    multiply_add(residues_, {n_, n_}, 0);
  }
  return residues_;
}

bool FactorialCheck::stands(std::uint64_t n, Radix radix, LimbsView number) {
  if (number.empty() || residues_of(radix, number) != residues_of_factorial(n)) return false;
  // In decimal, zeros count the fives, of which there are fewer than twos.
  if (zeros_at_end(radix, number) != exponent_in_factorial(n, radix == Radix::binary ? 2 : 5)) return false;
  const std::optional<std::uint64_t> digits = digits_of_factorial(n);
  return radix == Radix::binary || !digits || decimal_digits(number) == *digits;
}

Residues residues_of_powers(std::uint64_t n, const std::vector<std::uint32_t>& primes) {
  Residues product{1, 1};
  for (const std::uint32_t p : primes) {
    Residues power{p, p};
    for (std::uint64_t e = exponent_in_factorial(n, p); e > 0; e /= 2) {
      if (e % 2 == 1) multiply_add(product, power, 0);
      multiply_add(power, Residues(power), 0);
    }
  }
  return product;
}

}  // namespace brigade::worker
