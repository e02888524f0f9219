// Long numbers in both radices, against GMP.
#include <gmp.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <string>
#include <vector>

#include "worker/kinds/factorial/compute.h"
#include "worker/kinds/factorial/field.h"
#include "worker/kinds/factorial/multiply.h"
#include "worker/kinds/factorial/primes.h"
#include "worker/kinds/factorial/shape.h"
#include "worker/kinds/factorial/swing.h"
#include "worker/kinds/factorial/text.h"

namespace brigade::worker {
namespace {

constexpr Radix kRadices[] = {Radix::binary, Radix::decimal};

bool never() {
  return false;
}

/// Half of them only of largest, or of smallest limbs: these carry farthest.
Limbs random_number(Radix radix, std::size_t size, std::mt19937_64& random) {
  const std::uint64_t largest = radix == Radix::binary ? ~std::uint64_t{0} : kTenTo19 - 1;
  Limbs number(size);
  const unsigned shape = static_cast<unsigned>(random() % 4);
  for (std::uint64_t& limb : number)
    limb = shape == 0 ? largest : shape == 1 ? (random() % 16 == 0 ? 1 : 0) : random() % largest;
  number.back() = std::max<std::uint64_t>(number.back(), 1);
  return number;
}

Limbs by_gmp(Radix radix, LimbsView a, LimbsView b) {
  if (a.size() < b.size()) std::swap(a, b);
  if (radix == Radix::binary) {
    Limbs product(a.size() + b.size());
    mpn_mul(product.data(), a.data(), static_cast<mp_size_t>(a.size()), b.data(), static_cast<mp_size_t>(b.size()));
    trim(product);
    return product;
  }
  mpz_t x, y;
  mpz_init_set_str(x, decimal_of(a, Team()).c_str(), 10);
  mpz_init_set_str(y, decimal_of(b, Team()).c_str(), 10);
  mpz_mul(x, x, y);
  std::string digits(mpz_sizeinbase(x, 10) + 2, '\0');
  mpz_get_str(digits.data(), 10, x);
  digits.resize(digits.find('\0'));
  mpz_clear(x);
  mpz_clear(y);
  return limbs_of_decimal(digits);
}

class LongNumbers : public testing::Test {
 protected:
  void SetUp() override {
    if (!kernels_available()) GTEST_SKIP() << "this processor multiplies with GMP";
    roots_.grow_to(Multiplier::largest_transform(300'000));
  }
  void expect_right(Radix radix, std::size_t a_size, std::size_t b_size) {
    const Limbs a = random_number(radix, a_size, random_), b = random_number(radix, b_size, random_);
    Multiplier multiplier(radix, roots_, Team(&spare_));
    ASSERT_EQ(multiplier.multiply(a, b), by_gmp(radix, a, b)) << a_size << " by " << b_size;
    ASSERT_EQ(multiplier.square(a), by_gmp(radix, a, a)) << a_size << " squared";
  }

  Roots roots_;
  SpareCores spare_{1};
  std::mt19937_64 random_{7};
};

TEST_F(LongNumbers, AreMultipliedAtEverySizeAroundAThreshold) {
  for (const Radix radix : kRadices)
    for (const std::size_t edge :
         {1u, 32u, 40u, 64u, 128u, 160u, 192u, 224u, 256u, 400u, 512u, 640u, 768u, 896u, 1024u})
      for (std::size_t size = std::max<std::size_t>(edge, 4) - 3; size <= edge + 3; ++size) {
        expect_right(radix, size, size);
        expect_right(radix, size, size + 1);
        expect_right(radix, 3 * size, size);
        expect_right(radix, 7 * size + 5, size);
      }
}

TEST_F(LongNumbers, AreMultipliedAtRandomSizes) {
  for (int round = 0; round < 200; ++round)
    for (const Radix radix : kRadices) expect_right(radix, 1 + random_() % 2000, 1 + random_() % 700);
}

TEST_F(LongNumbers, AreMultipliedOnTwoThreads) {
  for (const std::size_t size : {16'000u, 20'000u, 24'000u, 28'000u, 32'768u, 80'000u, 100'001u, 115'000u})
    expect_right(Radix::binary, size, size - 3);
  expect_right(Radix::binary, 120'000, 20'000);
  expect_right(Radix::decimal, 18'000, 17'000);
}

TEST_F(LongNumbers, WithoutLimbsAreZero) {
  Multiplier multiplier(Radix::binary, roots_, Team());
  EXPECT_EQ(multiplier.multiply({}, Limbs{1, 2}), Limbs{});
  EXPECT_EQ(multiplier.square({}), Limbs{});
}

TEST_F(LongNumbers, BecomeFactorials) {
  SwingFactorial factorial;
  const Team team(&spare_);
  for (const Radix radix : kRadices) {
    for (std::uint32_t n = 0; n < 500; ++n)
      ASSERT_EQ(factorial.of(radix, n, Team(), never), gmp_factorial(radix, n)) << n;
    for (std::uint32_t n = 500; n < 30'000; n += 977)
      ASSERT_EQ(factorial.of(radix, n, team, never), gmp_factorial(radix, n)) << n;
  }
  ASSERT_EQ(factorial.of(Radix::binary, 300'000, team, never), gmp_factorial(Radix::binary, 300'000));
}

TEST_F(LongNumbers, AreGivenUpBetweenSteps) {
  SwingFactorial factorial;
  int asked = 0;
  const auto soon = [&asked] { return ++asked == 2; };
  EXPECT_FALSE(factorial.of(Radix::decimal, 40, Team(), soon));  // 20!, its square, the product with the swing
  EXPECT_EQ(asked, 2);
}

TEST(Shape, HoldsItsCoefficientsAndWastesAFifthAtMost) {
  for (std::size_t coefficients = 1; coefficients < 300'000; coefficients += 1 + coefficients / 10'000) {
    const Shape shape = shape_for(coefficients);
    std::size_t sum = 0;
    for (const Piece& piece : shape.pieces) sum += piece.size;
    ASSERT_EQ(sum, shape.length);
    ASSERT_GE(shape.length, coefficients);
    if (coefficients > 512) {
      ASSERT_LE(shape.length * 4, coefficients * 5 + 4) << coefficients;
    }
  }
}

TEST(SwingFactors, MakeTheSwingAndFitTheRadix) {
  const std::vector<std::uint32_t> primes = primes_up_to(1000);
  // 10! / 5!² = 252 = 2²·3²·7
  EXPECT_EQ(swing_factors(Radix::decimal, 10, primes), Limbs{252});
  EXPECT_EQ(swing_factors(Radix::binary, 10, primes), Limbs{63});
  const Limbs factors = swing_factors(Radix::decimal, 1000, primes);
  EXPECT_LT(*std::max_element(factors.begin(), factors.end()), kTenTo19);
}

TEST(Primes, AreAllThereAcrossSegments) {
  EXPECT_EQ(primes_up_to(0).size(), 0u);
  EXPECT_EQ(primes_up_to(2), (std::vector<std::uint32_t>{2}));
  EXPECT_EQ(primes_up_to(30), (std::vector<std::uint32_t>{2, 3, 5, 7, 11, 13, 17, 19, 23, 29}));
  EXPECT_EQ(primes_up_to(1'000'000).size(), 78'498u);
  EXPECT_EQ(primes_up_to(131'074).size(), 12'251u);
}

TEST(Text, WritesEveryLimbWithItsZeros) {
  EXPECT_EQ(decimal_of(Limbs{}, Team()), "0");
  EXPECT_EQ(decimal_of(Limbs{7}, Team()), "7");
  EXPECT_EQ(decimal_of(Limbs{1'020'304'050'607'080'900u, 0, 12}, Team()),
            "12" + std::string(19, '0') + "1020304050607080900");
  std::mt19937_64 random(3);
  const Limbs number = random_number(Radix::decimal, 200'000, random);
  SpareCores spare(1);
  EXPECT_EQ(limbs_of_decimal(decimal_of(number, Team(&spare))), number);
}

}  // namespace
}  // namespace brigade::worker
