#include "worker/kinds/factorial/radix.h"

#include <gmp.h>

#include <algorithm>
#include <bit>

namespace brigade::worker {
namespace {

static_assert(sizeof(mp_limb_t) == sizeof(std::uint64_t) && GMP_NAIL_BITS == 0);

void multiply_decimal(LimbsView a, LimbsView b, std::uint64_t* out) {
  Wide carry = 0;
  for (std::size_t k = 0; k + 1 < a.size() + b.size(); ++k) {
    Triple sum;
    sum.add(carry);
    const std::size_t last = std::min(k, b.size() - 1);
    for (std::size_t j = k < a.size() ? 0 : k - a.size() + 1; j <= last; ++j) sum.add(Wide{a[k - j]} * b[j]);
    out[k] = last_limb<Radix::decimal>(sum, carry);
  }
  out[a.size() + b.size() - 1] = static_cast<std::uint64_t>(carry);
}

void multiply_decimal_by(Limbs& number, std::uint64_t factor) {
  std::uint64_t carry = 0;
  // limb < 10^19 and carry <= factor: the high half stays below 10^19.
  for (std::uint64_t& limb : number) carry = divide_by_ten_to_19(Wide{limb} * factor + carry, limb);
  for (; carry > 0; carry /= kTenTo19) number.push_back(carry % kTenTo19);
}

void divide_decimal_by(Limbs& number, std::uint64_t factor) {
  const int shift = std::countl_zero(factor);
  const Divisor divisor(factor << shift);
  std::uint64_t remainder = 0;  // of the limbs above, shifted: a multiple of 2^shift below the divisor
  // remainder * 10^19 / 2^shift + limb < factor * 10^19, so that the high half of it shifted is below the divisor.
  for (std::size_t k = number.size(); k-- > 0;) {
    const Wide value = Wide{remainder >> shift} * kTenTo19 + number[k];
    number[k] = divide(value << shift, divisor, remainder);
  }
}

}  // namespace

void add(Radix radix, std::span<std::uint64_t> to, LimbsView value) {
  const Wide base = radix == Radix::binary ? Wide{1} << 64 : Wide{kTenTo19};
  bool carry = false;
  for (std::size_t k = 0; k < value.size() || carry; ++k) {
    Wide sum = Wide{to[k]} + (k < value.size() ? value[k] : 0) + (carry ? 1 : 0);
    carry = sum >= base;
    if (carry) sum -= base;
    to[k] = static_cast<std::uint64_t>(sum);
  }
}

void multiply_by(Radix radix, Limbs& number, std::uint64_t factor) {
  if (number.empty()) return;
  if (radix == Radix::decimal) return multiply_decimal_by(number, factor);
  const mp_limb_t carry = mpn_mul_1(number.data(), number.data(), static_cast<mp_size_t>(number.size()), factor);
  if (carry > 0) number.push_back(carry);
}

void divide_by(Radix radix, Limbs& number, std::uint64_t factor) {
  if (number.empty()) return;
  if (radix == Radix::decimal) {
    divide_decimal_by(number, factor);
  } else {
    mpn_divexact_1(number.data(), number.data(), static_cast<mp_size_t>(number.size()), factor);
  }
  trim(number);
}

void multiply_short(Radix radix, LimbsView a, LimbsView b, std::uint64_t* out) {
  if (radix == Radix::decimal) return multiply_decimal(a, b, out);
  if (a.data() == b.data() && a.size() == b.size()) return mpn_sqr(out, a.data(), static_cast<mp_size_t>(a.size()));
  mpn_mul(out, a.data(), static_cast<mp_size_t>(a.size()), b.data(), static_cast<mp_size_t>(b.size()));
}

void trim(Limbs& number) {
  while (!number.empty() && number.back() == 0) number.pop_back();
}

Limbs shifted(LimbsView number, std::uint64_t bits) {
  const std::size_t zeros = bits / 64;
  Limbs result(zeros + number.size() + 1, 0);
  if (bits % 64 == 0) {
    std::copy(number.begin(), number.end(), result.begin() + static_cast<std::ptrdiff_t>(zeros));
  } else {
    result.back() = mpn_lshift(result.data() + zeros, number.data(), static_cast<mp_size_t>(number.size()), bits % 64);
  }
  trim(result);
  return result;
}

}  // namespace brigade::worker
