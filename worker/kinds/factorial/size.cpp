#include "worker/kinds/factorial/size.h"

#include <math.h>

#include <cmath>
#include <numbers>

namespace brigade::worker {

long double log10_factorial(std::uint64_t n) {
  int sign = 0;
  return ::lgammal_r(static_cast<long double>(n) + 1, &sign) / std::numbers::ln10_v<long double>;
}

std::optional<std::uint64_t> digits_of_factorial(std::uint64_t n) {
  const long double log10 = log10_factorial(n);
  // A long double has 64 bits: the error stays below this with a wide margin.
  const long double margin = 1e-6L + log10 * 1e-15L;
  const long double below = std::floor(log10);
  if (log10 - below < margin || below + 1 - log10 < margin) return std::nullopt;
  return static_cast<std::uint64_t>(below) + 1;
}

std::uint64_t exponent_in_factorial(std::uint64_t n, std::uint64_t p) {
  std::uint64_t exponent = 0;
  while (n > 0) exponent += n /= p;
  return exponent;
}

std::uint64_t bytes_of_factorial(std::uint64_t n) {
  const long double bits = log10_factorial(n) * std::numbers::ln10_v<long double> / std::numbers::ln2_v<long double>;
  return static_cast<std::uint64_t>(bits / 8) + 2;
}

}  // namespace brigade::worker
