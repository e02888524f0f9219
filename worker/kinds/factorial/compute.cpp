#include "worker/kinds/factorial/compute.h"

#include <gmp.h>

#include <cstring>
#include <limits>
#include <string>

#include "worker/kinds/factorial/field.h"
#include "worker/kinds/factorial/product.h"
#include "worker/kinds/factorial/text.h"

namespace brigade::worker {
namespace {

// From these n on our own way wins, by measurement (tests/bench/factorial_bench.cpp).
constexpr std::uint64_t kOwnBinary = 25'000;
constexpr std::uint64_t kOwnDecimal = 500;

bool has_transforms(std::uint64_t n) {
  return n <= std::numeric_limits<std::uint32_t>::max() && kernels_available();
}

bool is_own(Radix radix, std::uint64_t n) {
  return n >= (radix == Radix::binary ? kOwnBinary : kOwnDecimal) && has_transforms(n);
}

}  // namespace

std::optional<Limbs> Factorial::of(Radix radix, std::uint64_t n, const Effort& effort) {
  if (is_own(radix, n)) return swing_.of(radix, static_cast<std::uint32_t>(n), effort.team, effort.given_up);
  if (effort.given_up()) return std::nullopt;
  return gmp_factorial(radix, n);
}

bool Factorial::can_leap(std::uint64_t from, std::uint64_t to) {
  return is_leap(from, to) && has_transforms(to);
}

Limbs gmp_factorial(Radix radix, std::uint64_t n) {
  mpz_t value;
  mpz_init(value);
  mpz_fac_ui(value, n);
  Limbs limbs;
  if (radix == Radix::binary) {
    const mp_limb_t* first = mpz_limbs_read(value);
    limbs.assign(first, first + mpz_size(value));
  } else {
    std::string digits(mpz_sizeinbase(value, 10) + 2, '\0');  // may be one too many, then sign and terminator
    mpz_get_str(digits.data(), 10, value);
    limbs = limbs_of_decimal({digits.data(), std::strlen(digits.data())});
  }
  mpz_clear(value);
  return limbs;
}

}  // namespace brigade::worker
