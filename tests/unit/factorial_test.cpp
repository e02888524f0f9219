#include "worker/kinds/factorial/factorial.h"

#include <gmp.h>
#include <gtest/gtest.h>
#include <openssl/evp.h>

#include <algorithm>
#include <chrono>
#include <string>
#include <string_view>
#include <vector>

#include "proto/wire/kinds.h"
#include "proto/wire/limits.h"
#include "tests/support/executors.h"
#include "tests/unit/factorial_support.h"
#include "worker/exec/thread_pool.h"
#include "worker/kinds/factorial/compute.h"
#include "worker/kinds/factorial/field.h"
#include "worker/kinds/factorial/needs.h"
#include "worker/kinds/factorial/product.h"
#include "worker/kinds/factorial/size.h"
#include "worker/kinds/factorial/text.h"
#include "worker/kinds/factorial/verify.h"

namespace brigade::worker {
namespace {

using test::answer_of;
using test::Collector;
using test::list_work;
using test::measured_memory;
using test::number;
using test::range_work;
using test::run;
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

TEST(Factorial, RefusesWhatTakesMoreMemoryThanThereIs) {
  Outbox outbox;
  MemoryBudget budget(50 << 20);
  ThreadPool pool({factorial_kind(10'000'000, 50 << 20)}, outbox, {.threads = 1, .memory = &budget});
  pool.start(list_work(1, "factorial", {number(1000), number(5'000'000), number(1001)}));
  Collector collector(outbox);
  collector.wait_for(3);
  EXPECT_EQ(collector.at(0).status, TaskStatus::ok);
  EXPECT_EQ(collector.at(1).status, TaskStatus::too_large);
  EXPECT_NE(collector.at(1).value.find("this worker may use 50 MiB"), std::string::npos) << collector.at(1).value;
  EXPECT_EQ(collector.at(2).status, TaskStatus::ok);
}

TEST(FactorialNeeds, AreNotLessThanWhatIsTakenNorMuchMore) {
  if (!std::string_view(BRIGADE_SANITIZERS).empty() || !kernels_available())
    GTEST_SKIP() << "other memory than in the program";
  for (const std::uint64_t n : {300'000, 1'000'000, 1'300'000, 2'000'000})
    for (const FactorialForm form : {FactorialForm::decimal, FactorialForm::hex, FactorialForm::binary}) {
      const wire::FactorialOptions options{.form = form};
      const std::uint64_t taken = measured_memory({number(n)}, options), told = memory_of_factorial(n, options);
      EXPECT_LE(taken, told) << n << "!, form " << static_cast<int>(form);
      EXPECT_LE(told, 2 * taken) << n << "!, form " << static_cast<int>(form);
    }
}

TEST(FactorialNeeds, OfALeapAreNoMore) {
  if (!std::string_view(BRIGADE_SANITIZERS).empty() || !kernels_available())
    GTEST_SKIP() << "other memory than in the program";
  for (const std::uint64_t n : {1'000'000, 1'300'000, 1'990'000})
    for (const FactorialForm form : {FactorialForm::decimal, FactorialForm::binary}) {
      // Beside the answer before it, which the test keeps: after one from which there is no leap, and after one from
      // which there is.
      const std::uint64_t far = n - n / 3, near = n - n / kLeapPart;
      ASSERT_FALSE(Factorial::can_leap(far, n));
      ASSERT_TRUE(Factorial::can_leap(near, n));
      const wire::FactorialOptions options{.form = form};
      const std::uint64_t alone = measured_memory({number(n)}, options), told = memory_of_factorial(n, options);
      const std::uint64_t anew = measured_memory({number(far), number(n)}, options);
      const std::uint64_t leapt = measured_memory({number(near), number(n)}, options);
      EXPECT_LE(alone + leapt, told + anew) << n << "!, form " << static_cast<int>(form);
    }
}

TEST(FactorialNeeds, GrowWithN) {
  for (const bool verify : {false, true})
    for (const FactorialForm form : {FactorialForm::decimal, FactorialForm::hex, FactorialForm::binary,
                                     FactorialForm::digits, FactorialForm::digest}) {
      std::uint64_t last = 0;
      for (std::uint64_t n = 0; n < std::uint64_t{1} << 62; n += 1 + n / 7) {
        const std::uint64_t bytes = memory_of_factorial(n, {.form = form, .verify = verify});
        ASSERT_GE(bytes, last) << n;
        last = bytes;
      }
      EXPECT_EQ(memory_of_factorial(UINT64_MAX, {.form = form, .verify = verify}), last);
    }
}

TEST(Factorial, ComputesLargeNumbersOnAllThreads) {
  Outbox outbox;
  ThreadPool pool({factorial_kind(1'000'000)}, outbox, {.threads = 2});
  Work work = list_work(1, "factorial", {number(70'000)});
  work.lease.brief.options = wire::encode(wire::FactorialOptions{.form = FactorialForm::hex, .verify = true});
  pool.start(std::move(work));
  Collector collector(outbox);
  collector.wait_for(1);
  EXPECT_EQ(answer_of(collector.at(0)).value, by_multiplication(70'000, 16));
}

TEST(Factorial, IsGivenUpPastItsDeadline) {
  TaskFeed::Task task{.deadline = Instant{} + std::chrono::nanoseconds(1), .limit = std::chrono::nanoseconds(1)};
  const std::string argument = number(100'000);
  task.argument = argument;
  TaskStatus ended = TaskStatus::ok;
  const auto end = [](void* owner, TaskFeed::Task&, TaskStatus status, std::string_view, std::string*, std::uint32_t) {
    *static_cast<TaskStatus*>(owner) = status;
    return false;
  };
  TaskFeed feed(&ended, end, task, {}, nullptr);
  const auto prepared = factorial_kind(1'000'000).prepare({.options = wire::encode(wire::FactorialOptions{})});
  ASSERT_TRUE(prepared);
  prepared->on_thread()(feed);
  EXPECT_EQ(ended, TaskStatus::timeout);
}

TEST(Factorial, IsGivenUpInTheMiddleOfAProduct) {
  if (!kernels_available()) GTEST_SKIP() << "GMP cannot be interrupted";
  constexpr std::uint64_t kN = 400'000;
  for (const Radix radix : {Radix::decimal, Radix::binary}) {
    std::uint64_t asked = 0;
    Effort counting{.team = Team(), .given_up = [&asked] { return ++asked == 0; }};
    Factorial factorial;
    ASSERT_TRUE(factorial.of(radix, kN, counting));
    const std::uint64_t all = asked;
    EXPECT_GT(all, 250U);  // many pieces
    for (std::uint64_t pieces = 1; pieces < all; pieces += all / 12) {
      asked = 0;
      const Effort effort{.team = Team(), .given_up = [&asked, pieces] { return ++asked > pieces; }};
      EXPECT_EQ(factorial.of(radix, kN, effort), std::nullopt) << pieces << " of " << all;
      EXPECT_LE(asked, pieces + 100);  // what is left does not run on
    }
  }
}

TEST(FactorialCheck, StandsForFactorialsInAnyOrder) {
  FactorialCheck check;
  for (const Radix radix : {Radix::binary, Radix::decimal})
    for (const std::uint64_t n : {1000u, 1001u, 20u, 0u, 1u, 5000u}) {
      const Limbs limbs = gmp_factorial(radix, n);
      EXPECT_TRUE(check.stands(n, radix, limbs)) << n;
      EXPECT_FALSE(check.stands(n + 1, radix, limbs) && n > 0) << n;
    }
}

TEST(FactorialCheck, CatchesACorruptedNumber) {
  FactorialCheck check;
  for (const Radix radix : {Radix::binary, Radix::decimal}) {
    const Limbs right = gmp_factorial(radix, 1000);
    for (std::size_t k = 0; k < right.size(); ++k) {
      Limbs wrong = right;
      wrong[k] ^= 64;
      EXPECT_FALSE(check.stands(1000, radix, wrong)) << k;
    }
    Limbs longer = right;
    longer.push_back(1);
    EXPECT_FALSE(check.stands(1000, radix, longer));
    EXPECT_FALSE(check.stands(1000, radix, {}));
  }
}

TEST(FactorialCheck, TakesResiduesModuloBothPrimes) {
  const Limbs number{5, 7, 11};  // 5 + 7·2^64 + 11·2^128
  mpz_t value;
  mpz_init_set_ui(value, 11);
  mpz_mul_2exp(value, value, 64);
  mpz_add_ui(value, value, 7);
  mpz_mul_2exp(value, value, 64);
  mpz_add_ui(value, value, 5);
  const std::uint64_t two_61 = std::uint64_t{1} << 61;
  EXPECT_EQ(residues_of(Radix::binary, number),
            (Residues{mpz_fdiv_ui(value, two_61 - 1), mpz_fdiv_ui(value, two_61 - 31)}));
  EXPECT_EQ(residues_of(Radix::decimal, Limbs{two_61 - 31}), (Residues{two_61 - 31, 0}));
  EXPECT_EQ(residues_of(Radix::binary, Limbs{two_61 - 1}), (Residues{0, 30}));
  mpz_clear(value);
}

}  // namespace
}  // namespace brigade::worker
