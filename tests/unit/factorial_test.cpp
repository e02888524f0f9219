#include "worker/kinds/factorial/factorial.h"

#include <gmp.h>
#include <gtest/gtest.h>
#include <openssl/evp.h>

#include <algorithm>
#include <string>
#include <vector>

#include "proto/wire/kinds.h"
#include "proto/wire/limits.h"
#include "tests/support/executors.h"
#include "worker/exec/thread_pool.h"
#include "worker/kinds/factorial/decimal.h"
#include "worker/kinds/factorial/product.h"
#include "worker/kinds/factorial/size.h"
#include "worker/kinds/factorial/verify.h"

namespace brigade::worker {
namespace {

using test::Collector;
using test::list_work;
using test::range_work;
using wire::FactorialForm;

/// Schoolbook multiplication of decimal digits: independent of GMP.
std::string schoolbook(unsigned n) {
  std::vector<unsigned> digits{1};
  for (unsigned k = 2; k <= n; ++k) {
    unsigned carry = 0;
    for (unsigned& digit : digits) {
      carry += digit * k;
      digit = carry % 10;
      carry /= 10;
    }
    for (; carry > 0; carry /= 10) digits.push_back(carry % 10);
  }
  std::string text;
  for (std::size_t i = digits.size(); i-- > 0;) text += static_cast<char>('0' + digits[i]);
  return text;
}

/// By plain multiplication, independent of mpz_fac_ui.
std::string by_multiplication(unsigned long n, int base) {
  mpz_t value;
  mpz_init_set_ui(value, 1);
  unsigned long factor = 1;
  for (unsigned long k = 2; k <= n; ++k) {
    factor *= k;
    if (factor < (1ul << 40) && k < n) continue;  // n is below 2^20 here
    mpz_mul_ui(value, value, factor);
    factor = 1;
  }
  char* text = mpz_get_str(nullptr, base, value);
  std::string copy(text);
  void (*release)(void*, std::size_t) = nullptr;
  mp_get_memory_functions(nullptr, nullptr, &release);
  release(text, copy.size() + 1);
  mpz_clear(value);
  return copy;
}

std::string number(std::uint64_t value) {
  return wire::encode_number(value);
}

/// Runs the arguments in one thread, in the given order.
std::vector<test::Row> run(const wire::FactorialOptions& options, const std::vector<std::string>& arguments,
                           std::uint64_t n_max = 1'000'000) {
  Outbox outbox;
  ThreadPool pool({factorial_kind(n_max)}, outbox, {.threads = 1});
  Work work = list_work(1, "factorial", arguments);
  work.lease.brief.options = wire::encode(options);
  pool.start(std::move(work));
  Collector collector(outbox);
  collector.wait_for(arguments.size());
  std::vector<test::Row> rows;
  for (std::size_t i = 0; i < arguments.size(); ++i) rows.push_back(collector.at(i));
  return rows;
}

wire::FactorialAnswer answer_of(const test::Row& row) {
  EXPECT_EQ(row.status, TaskStatus::ok) << row.value;
  const Result<wire::FactorialAnswer> answer = wire::decode_factorial_answer(row.value);
  EXPECT_TRUE(answer);
  return answer ? *answer : wire::FactorialAnswer{};
}

TEST(Factorial, AgreesWithSchoolbookMultiplication) {
  std::vector<std::string> arguments;
  for (unsigned n = 0; n <= 300; ++n) arguments.push_back(number(n));
  const auto rows = run({.verify = true}, arguments);
  for (unsigned n = 0; n <= 300; ++n) {
    const wire::FactorialAnswer answer = answer_of(rows[n]);
    ASSERT_EQ(answer.value, schoolbook(n)) << n;
    ASSERT_EQ(answer.digits, answer.value.size()) << n;
  }
}

TEST(Factorial, AnswersArgumentsInAnyOrder) {
  const std::vector<unsigned> list{500, 499, 0, 3, 3, 4, 130, 259, 1, 700, 701, 710};
  for (const FactorialForm form : {FactorialForm::decimal, FactorialForm::hex}) {
    std::vector<std::string> arguments;
    for (const unsigned n : list) arguments.push_back(number(n));
    const auto rows = run({.form = form, .verify = true}, arguments);
    for (std::size_t i = 0; i < list.size(); ++i)
      ASSERT_EQ(answer_of(rows[i]).value, by_multiplication(list[i], form == FactorialForm::hex ? 16 : 10)) << list[i];
  }
}

TEST(Factorial, ComputesARangeOnTwoThreads) {
  Outbox outbox;
  ThreadPool pool({factorial_kind(1'000'000)}, outbox, {.threads = 2});
  Work work = range_work(1, "factorial", {0, 400}, 2000);
  work.lease.brief.options = wire::encode(wire::FactorialOptions{.verify = true});
  pool.start(std::move(work));
  Collector collector(outbox);
  collector.wait_for(400);
  for (std::uint64_t i = 0; i < 400; i += 57)
    EXPECT_EQ(answer_of(collector.at(i)).value, by_multiplication(2000 + i, 10));
  for (std::uint64_t i = 0; i < 400; ++i) EXPECT_EQ(collector.at(i).status, TaskStatus::ok);
}

TEST(Factorial, HasItsForms) {
  const std::string decimal = by_multiplication(1000, 10);
  const auto hex = answer_of(run({.form = FactorialForm::hex, .verify = true}, {number(1000)})[0]);
  EXPECT_EQ(hex.value, by_multiplication(1000, 16));
  EXPECT_EQ(hex.digits, decimal.size());
  const auto digits = answer_of(run({.form = FactorialForm::digits}, {number(1000)})[0]);
  EXPECT_EQ(digits.value, "");
  EXPECT_EQ(digits.digits, decimal.size());
  const auto binary = answer_of(run({.form = FactorialForm::binary, .verify = true}, {number(1000)})[0]);
  EXPECT_EQ(binary.digits, decimal.size());
  std::string from_bytes;
  for (std::size_t i = binary.value.size(); i-- > 0;) {
    const auto byte = static_cast<unsigned char>(binary.value[i]);
    from_bytes += "0123456789abcdef"[byte >> 4];
    from_bytes += "0123456789abcdef"[byte & 15];
  }
  EXPECT_EQ(from_bytes.substr(from_bytes.find_first_not_of('0')), hex.value);
}

TEST(Factorial, DigestsTheDecimalDigits) {
  const auto row = run({.form = FactorialForm::digest, .verify = true}, {number(100'000), number(20)});
  const std::string decimal = by_multiplication(100'000, 10);
  unsigned char digest[32];
  EVP_Digest(decimal.data(), decimal.size(), digest, nullptr, EVP_sha256(), nullptr);
  std::string hex;
  for (const unsigned char byte : digest) {
    hex += "0123456789abcdef"[byte >> 4];
    hex += "0123456789abcdef"[byte & 15];
  }
  EXPECT_EQ(answer_of(row[0]).value, hex);
  EXPECT_EQ(answer_of(row[0]).digits, 456'574u);
  // sha256("2432902008176640000")
  EXPECT_EQ(answer_of(row[1]).digits, 19u);
}

TEST(Factorial, CountsDigitsExactly) {
  for (unsigned n = 0; n < 2000; n += 13) {
    const std::uint64_t exact = by_multiplication(n, 10).size();
    const std::optional<std::uint64_t> told = digits_of_factorial(n);
    if (told) {
      ASSERT_EQ(*told, exact) << n;
    }
    ASSERT_EQ(answer_of(run({.form = FactorialForm::digits}, {number(n)})[0]).digits, exact) << n;
  }
  EXPECT_EQ(digits_of_factorial(10'000'000), 65'657'060u);
  EXPECT_EQ(digits_of_factorial(1'000'000'000), 8'565'705'523u);
}

TEST(Factorial, RefusesWhatIsTooLargeWithBothFigures) {
  const auto rows = run({}, {number(1001), number(~std::uint64_t{0}), number(1000)}, 1000);
  EXPECT_EQ(rows[0].status, TaskStatus::too_large);
  EXPECT_EQ(rows[0].value, "1001! would have 2,571 digits; this worker computes up to 1000! (2,568 digits)");
  EXPECT_EQ(rows[1].status, TaskStatus::too_large);
  EXPECT_EQ(rows[2].status, TaskStatus::ok);
}

TEST(Factorial, RefusesAnswersThatNoMessageHolds) {
  const auto decimal = run({}, {number(40'000'000)}, 1'000'000'000);
  EXPECT_EQ(decimal[0].status, TaskStatus::too_large);
  EXPECT_NE(decimal[0].value.find("256 MiB"), std::string::npos) << decimal[0].value;
}

TEST(Factorial, RefusesBadArgumentsAndOptions) {
  EXPECT_EQ(run({}, {"12"})[0].status, TaskStatus::invalid_argument);
  Outbox outbox;
  ThreadPool pool({factorial_kind(1000)}, outbox, {.threads = 1});
  Work work = range_work(1, "factorial", {0, 2});
  work.lease.brief.options = "\xff\xff\xff";
  pool.start(std::move(work));
  Collector collector(outbox);
  collector.wait_for(2);
  EXPECT_EQ(collector.at(1).status, TaskStatus::invalid_argument);
}

TEST(DecimalProduct, MultipliesAndTellsItsResidue) {
  DecimalProduct product;
  EXPECT_FALSE(product.reach(5));
  product.set(30, by_multiplication(30, 10));
  ASSERT_TRUE(product.reach(100));
  EXPECT_EQ(product.text(), by_multiplication(100, 10));
  ASSERT_TRUE(product.reach(101));
  EXPECT_EQ(product.text(), by_multiplication(101, 10));
  FactorialResidue residue;
  EXPECT_EQ(product.residue(kCheckPrime), residue.of(101));
  EXPECT_EQ(product.trailing_zeros(), 24u);
  EXPECT_FALSE(product.reach(100));
  EXPECT_FALSE(product.reach(101 + kStepsMax + 1));
}

TEST(DecimalProduct, CarriesOverTheLargestFactors) {
  DecimalProduct product;
  const std::uint64_t huge = ~std::uint64_t{0} - 1;
  product.set(huge, std::string(57, '9'));
  ASSERT_TRUE(product.reach(huge + 1));
  mpz_t expected;
  mpz_init_set_str(expected, std::string(57, '9').c_str(), 10);
  mpz_mul_ui(expected, expected, huge + 1);
  EXPECT_EQ(product.text(), decimal_of(expected));
  mpz_clear(expected);
}

TEST(FactorialResidue, TellsANumberThatIsOffByOne) {
  Product product;
  FactorialResidue residue;
  mpz_t wrong;
  mpz_init(wrong);
  mpz_add_ui(wrong, product.of(1000), 1);
  EXPECT_EQ(mpz_fdiv_ui(product.of(1000), kCheckPrime), residue.of(1000));
  EXPECT_NE(mpz_fdiv_ui(wrong, kCheckPrime), residue.of(1000));
  EXPECT_NE(mpz_scan1(wrong, 0), exponent_in_factorial(1000, 2));
  mpz_clear(wrong);
}

}  // namespace
}  // namespace brigade::worker
