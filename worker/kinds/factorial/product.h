// n! in binary, computed from the last one where that is near.
#pragma once

#include <gmp.h>

#include <cstdint>
#include <string>

namespace brigade::worker {

/// Multiplies `apply(m)` for factors m that together make (from+1)·(from+2)·…·to, as few as fit into 64 bits each.
template <class Apply>
void for_each_factor(std::uint64_t from, std::uint64_t to, Apply apply) {
  std::uint64_t factor = 1;
  for (std::uint64_t k = from; k < to;) {
    ++k;
    std::uint64_t product = 0;
    if (__builtin_mul_overflow(factor, k, &product)) {
      apply(factor);
      product = k;
    }
    factor = product;
  }
  if (factor != 1) apply(factor);
}

/// Up to this many steps from one argument to the next, multiplying on beats computing anew.
inline constexpr std::uint64_t kStepsMax = 128;
/// What is larger is not kept for the next task.
inline constexpr std::size_t kKeptBytesMax = std::size_t{32} << 20;

class Product {
 public:
  Product() { mpz_init(value_); }
  ~Product() { mpz_clear(value_); }
  Product(const Product&) = delete;
  Product& operator=(const Product&) = delete;

  /// n!, valid until the next call. REQUIRES: n was checked against a limit, since GMP ends the process without memory.
  mpz_srcptr of(std::uint64_t n);
  /// Gives the memory back when it is much.
  void trim();

 private:
  mpz_t value_;
  std::uint64_t n_ = 0;
  bool valid_ = false;
};

std::string decimal_of(mpz_srcptr value);
std::string hex_of(mpz_srcptr value);
/// Least significant byte first.
std::string bytes_of(mpz_srcptr value);
/// Decimal digits, exactly.
std::uint64_t digits_of(mpz_srcptr value);

}  // namespace brigade::worker
