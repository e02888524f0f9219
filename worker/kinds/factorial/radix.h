// Natural numbers as limbs, least significant first, in radix 2^64 or 10^19. Long ones are multiplied in multiply.h.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace brigade::worker {

__extension__ using Wide = unsigned __int128;

enum class Radix { binary, decimal };
using Limbs = std::vector<std::uint64_t>;
using LimbsView = std::span<const std::uint64_t>;

inline constexpr std::size_t kLimbDigits = 19;
inline constexpr std::uint64_t kTenTo19 = 10'000'000'000'000'000'000u;  // its highest bit is set

/// A number below 2^192.
struct Triple {
  Wide low = 0;
  std::uint64_t high = 0;

  void add(Wide value) { high += __builtin_add_overflow(low, value, &low) ? 1 : 0; }
};

/// What dividing by the same number again needs. REQUIRES: its highest bit is set.
struct Divisor {
  std::uint64_t value;
  std::uint64_t reciprocal;

  constexpr explicit Divisor(std::uint64_t of)
      : value(of), reciprocal(static_cast<std::uint64_t>(~Wide{0} / of - (Wide{1} << 64))) {}
};

/// Divides with two multiplications (Möller and Granlund, "Improved division by invariant integers").
/// REQUIRES: the high half of `value` is below the divisor.
inline std::uint64_t divide(Wide value, const Divisor& divisor, std::uint64_t& remainder) {
  const Wide estimate = Wide{divisor.reciprocal} * static_cast<std::uint64_t>(value >> 64) + value;
  std::uint64_t quotient = static_cast<std::uint64_t>(estimate >> 64) + 1;
  remainder = static_cast<std::uint64_t>(value) - quotient * divisor.value;
  if (remainder > static_cast<std::uint64_t>(estimate)) {
    --quotient;
    remainder += divisor.value;
  }
  if (remainder >= divisor.value) {
    ++quotient;
    remainder -= divisor.value;
  }
  return quotient;
}

inline std::uint64_t divide_by_ten_to_19(Wide value, std::uint64_t& remainder) {
  constexpr Divisor kDivisor(kTenTo19);
  return divide(value, kDivisor, remainder);
}

/// The last limb of `value`; `rest` becomes the others. REQUIRES: value < radix·2^128.
template <Radix radix>
inline std::uint64_t last_limb(const Triple& value, Wide& rest) {
  const auto middle = static_cast<std::uint64_t>(value.low >> 64), low = static_cast<std::uint64_t>(value.low);
  if constexpr (radix == Radix::binary) {
    rest = Wide{value.high} << 64 | middle;
    return low;
  } else {
    std::uint64_t remainder = 0;
    const std::uint64_t above = divide_by_ten_to_19(Wide{value.high} << 64 | middle, remainder);
    const std::uint64_t below = divide_by_ten_to_19(Wide{remainder} << 64 | low, remainder);
    rest = Wide{above} << 64 | below;
    return remainder;
  }
}

/// The same for a value of which two limbs are left: below radix².
template <Radix radix>
inline std::uint64_t last_limb(Wide value, std::uint64_t& rest) {
  if constexpr (radix == Radix::binary) {
    rest = static_cast<std::uint64_t>(value >> 64);
    return static_cast<std::uint64_t>(value);
  } else {
    std::uint64_t remainder = 0;
    rest = divide_by_ten_to_19(value, remainder);
    return remainder;
  }
}

/// The same for a value below three times the radix: cheaper.
template <Radix radix>
inline std::uint64_t last_limb_of_sum(Wide value, std::uint64_t& rest) {
  if constexpr (radix == Radix::binary) return last_limb<radix>(value, rest);
  const auto low = static_cast<std::uint64_t>(value);
  const std::uint64_t once = value >= kTenTo19 ? 1 : 0, twice = value >= 2 * Wide{kTenTo19} ? 1 : 0;
  rest = once + twice;
  return low - (-once & kTenTo19) - (-twice & kTenTo19);
}

/// to += value; the carry goes on as far as it has to. REQUIRES: the sum fits.
void add(Radix radix, std::span<std::uint64_t> to, LimbsView value);
/// number *= factor (for decimal: any factor below 2^64).
void multiply_by(Radix radix, Limbs& number, std::uint64_t factor);
/// number /= factor. REQUIRES: factor > 0, and it divides the number.
void divide_by(Radix radix, Limbs& number, std::uint64_t factor);
/// out = a·b by the school's method, or GMP's ones. REQUIRES: a.size() >= b.size() >= 1, out has room for both.
void multiply_short(Radix radix, LimbsView a, LimbsView b, std::uint64_t* out);
void trim(Limbs& number);
/// number · 2^bits, in radix 2^64.
Limbs shifted(LimbsView number, std::uint64_t bits);

}  // namespace brigade::worker
