// Long numbers where the arithmetic's bounds are met: largest limbs, borders of what one thread does, the longest
// products, products that are stopped.
#include <gmp.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <string>
#include <utility>
#include <vector>

#include "worker/kinds/factorial/field.h"
#include "worker/kinds/factorial/multiply.h"
#include "worker/kinds/factorial/roots.h"
#include "worker/kinds/factorial/text.h"

namespace brigade::worker {
namespace {

__extension__ using Exact = __int128;

std::uint64_t largest_limb(Radix radix) {
  return radix == Radix::binary ? ~std::uint64_t{0} : kTenTo19 - 1;
}

/// Whether it is (B^a - 1)(B^b - 1) = B^(a+b) - B^a - B^b + 1. REQUIRES: a >= b > 1.
bool is_product_of_largest(Radix radix, const Limbs& product, std::size_t a, std::size_t b) {
  const std::uint64_t top = largest_limb(radix);
  Limbs expected(a + b, top);
  std::fill_n(expected.begin(), b, 0);
  expected[0] = 1;
  --expected[a];  // of equal lengths: B^2a - 2·B^a + 1
  return product == expected;
}

class Extremes : public testing::Test {
 protected:
  void SetUp() override {
    if (!kernels_available()) GTEST_SKIP() << "this processor multiplies with GMP";
  }
  void expect_square(Radix radix, std::size_t size) {
    roots_.grow_to(Multiplier::largest_transform(2 * size));
    Multiplier multiplier(radix, roots_, Team(&spare_));
    EXPECT_TRUE(is_product_of_largest(radix, multiplier.square(Limbs(size, largest_limb(radix))), size, size)) << size;
  }

  Roots roots_;
  SpareCores spare_{1};
};

/// Coefficients for which the sums of the first block grow at every level of forward(): p/2 in three quarters, and the
/// first such that its sum with these is the next level's.
void fill_worst(double* x, std::size_t n, double p) {
  const double half = (p - 1) / 2;
  if (n == 1) {
    x[0] = half;
    return;
  }
  const std::size_t quarter = n / 4;
  fill_worst(x, quarter, p);
  std::fill(x + quarter, x + n, half);
  for (std::size_t k = 0; k < quarter; ++k)
    for (x[k] -= 3 * half; x[k] < -half;) x[k] += p;
}

TEST_F(Extremes, OfATransformGoThereAndBack) {
  roots_.grow_to(1 << 18);
  for (const std::size_t n : {std::size_t{1} << 14, std::size_t{1} << 16, std::size_t{1} << 18})
    for (const Field& field : roots_.fields()) {
      std::vector<double> x(n);
      fill_worst(x.data(), n, field.p);
      const std::vector<double> before = x;
      forward(field, x.data(), n, 0);
      inverse(field, x.data(), n, 0);
      const auto p = static_cast<Exact>(field.p);
      for (std::size_t k = 0; k < n; ++k)
        ASSERT_EQ(static_cast<std::int64_t>(
                      (static_cast<Exact>(x[k]) - static_cast<Exact>(before[k]) * static_cast<Exact>(n)) % p),
                  0)
            << k << " of " << n;
    }
}

TEST_F(Extremes, AreRightAroundTheBordersOfWhatOneThreadCarries) {
  roots_.grow_to(1 << 17);
  for (const Radix radix : {Radix::binary, Radix::decimal})
    for (const std::size_t sums : {8191u, 8192u, 8193u, 8194u, 16'384u, 16'385u, 32'768u, 32'769u, 40'960u, 40'961u})
      for (const std::size_t b : {std::size_t{450}, (sums + 1) / 2}) {
        const std::size_t a = sums + 1 - b;
        Multiplier multiplier(radix, roots_, Team(&spare_));
        const Limbs x(a, largest_limb(radix)), y(b, largest_limb(radix));
        ASSERT_TRUE(is_product_of_largest(radix, multiplier.multiply(x, y), a, b)) << a << " by " << b;
      }
}

/// The coefficients at such a border are three largest products and one: what the lower thread carries into the second
/// limb of the upper one carries again.
TEST_F(Extremes, AreRightWhereACarryAcrossABorderCarries) {
  roots_.grow_to(1 << 15);
  Limbs a(8300), b(8300);
  for (const std::size_t k : {0u, 10u, 20u, 1000u}) a[k] = largest_limb(Radix::binary);
  for (const std::size_t k : {8190u, 8180u, 8170u, 7191u}) b[k] = largest_limb(Radix::binary);
  a.back() = b.back() = 1;
  Limbs expected(a.size() + b.size());
  mpn_mul(expected.data(), a.data(), static_cast<mp_size_t>(a.size()), b.data(), static_cast<mp_size_t>(b.size()));
  trim(expected);
  Multiplier multiplier(Radix::binary, roots_, Team(&spare_));
  EXPECT_EQ(multiplier.multiply(a, b), expected);
}

/// A table's upper levels serve only the pieces beside the largest one: of 7/4 of a power of two.
TEST_F(Extremes, AreRightInTheHighestRowsOfTheTables) {
  for (const int log2 : {18, 19, 20}) expect_square(Radix::decimal, (std::size_t{7} << log2) / 8);
}

TEST_F(Extremes, AreRightWithAsManyTermsAsASumHolds) {
  expect_square(Radix::decimal, kTermsMax);
  expect_square(Radix::binary, kTermsMax);
}

TEST_F(Extremes, AreRightWithMoreTermsThanASumHolds) {
  expect_square(Radix::binary, kTermsMax + 1);
  expect_square(Radix::decimal, kTermsMax + 500);
}

Limbs limbs_of(const mpz_t number) {
  std::string digits(mpz_sizeinbase(number, 10) + 2, '\0');
  mpz_get_str(digits.data(), 10, number);
  digits.resize(digits.find('\0'));
  return limbs_of_decimal(digits);
}

/// Factors whose product in blocks has every block end in nines: a block that is taken for its neighbour carries to the
/// product's very end and beyond.
struct Nines {
  static constexpr std::size_t kShort = 41, kLong = 6151, kBlock = 124;

  Nines() {
    mpz_t modulus, factor, inverse;
    mpz_inits(modulus, factor, inverse, nullptr);
    mpz_ui_pow_ui(modulus, 10, 19 * kBlock);
    mpz_ui_pow_ui(factor, 10, 19 * (kShort - 1));
    mpz_mul_ui(factor, factor, 7);
    mpz_add_ui(factor, factor, 3);
    mpz_invert(inverse, factor, modulus);
    mpz_sub(inverse, modulus, inverse);
    b = limbs_of(factor);
    Limbs block = limbs_of(inverse);
    block.resize(kBlock);
    for (std::size_t at = 0; at < kLong; at += kBlock)
      a.insert(a.end(), block.begin(), block.begin() + static_cast<std::ptrdiff_t>(std::min(kBlock, kLong - at)));
    mpz_clears(modulus, factor, inverse, nullptr);
  }

  Limbs a, b;
};

// What these would do wrong, the address sanitizer sees.
TEST_F(Extremes, StayWithinTheirMemoryWhereverAProductIsStopped) {
  roots_.grow_to(1 << 15);
  const Nines nines;
  const auto asked_in = [&](std::size_t stop_at) {
    std::size_t asked = 0;
    Multiplier multiplier(Radix::decimal, roots_, Team().until([&] { return ++asked >= stop_at; }));
    (void)multiplier.multiply(nines.a, nines.b);
    return asked;
  };
  const std::size_t all = asked_in(~std::size_t{0});
  EXPECT_GT(all, 50u);
  for (std::size_t stop_at = 1; stop_at <= all; ++stop_at) EXPECT_GE(asked_in(stop_at), stop_at);
}

TEST_F(Extremes, StayWithinTheirMemoryWhereverAProductOfTwoThreadsIsStopped) {
  roots_.grow_to(1 << 17);
  const Limbs a(60'000, largest_limb(Radix::binary)), b(10'000, largest_limb(Radix::binary));  // two blocks
  for (int stop_at = 1; stop_at < 200; stop_at += 3) {
    std::atomic<int> asked = 0;
    Multiplier multiplier(Radix::binary, roots_, Team(&spare_).until([&] { return ++asked >= stop_at; }));
    EXPECT_LE(multiplier.multiply(a, b).size(), a.size() + b.size());
  }
}

}  // namespace
}  // namespace brigade::worker
