// Factorials made of near ones: by steps, by leaps, and of what other threads have computed.
#include <gmp.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <limits>
#include <optional>
#include <random>
#include <string>
#include <vector>

#include "proto/wire/kinds.h"
#include "tests/support/executors.h"
#include "tests/unit/factorial_support.h"
#include "worker/exec/thread_pool.h"
#include "worker/kinds/factorial/compute.h"
#include "worker/kinds/factorial/factorial.h"
#include "worker/kinds/factorial/field.h"
#include "worker/kinds/factorial/product.h"
#include "worker/kinds/factorial/text.h"

namespace brigade::worker {
namespace {

using test::answer_of;
using test::Collector;
using test::list_work;
using test::number;
using wire::FactorialForm;

TEST(Factorial, LeapsToTheSameNumber) {
  if (!kernels_available()) GTEST_SKIP() << "this processor computes every number anew";
  SpareCores spare(1);
  std::mt19937_64 random(5);
  const auto below = [&](std::uint64_t bound) { return random() % bound; };
  for (const Radix radix : {Radix::binary, Radix::decimal}) {
    for (int i = 0; i < 40; ++i) {
      const std::uint64_t to = kLeapsFrom + below(60'000), from = to - 1 - below(to / kLeapPart);
      ASSERT_TRUE(Factorial::can_leap(from, to));
      Factorial factorial;
      const Effort effort{.team = Team(&spare)};
      const std::optional<Limbs> number = factorial.of(radix, from, effort);
      ASSERT_EQ(factorial.leap(radix, *number, from, to, effort), factorial.of(radix, to, effort))
          << from << " to " << to;
    }
  }
  EXPECT_FALSE(Factorial::can_leap(kLeapsFrom - 1, kLeapsFrom - 1));
  EXPECT_FALSE(Factorial::can_leap(80'000, 79'999));
  EXPECT_FALSE(Factorial::can_leap(70'000, 80'001));
}

TEST(Factorial, GivesUpALeap) {
  if (!kernels_available()) GTEST_SKIP() << "this processor computes every number anew";
  Factorial factorial;
  const std::optional<Limbs> number = factorial.of(Radix::decimal, 100'000, {.team = Team()});
  int all = 0;
  const auto leap = [&](int pieces) {
    all = 0;
    const Effort effort{.team = Team(), .given_up = [&all, pieces] { return ++all > pieces; }};
    return factorial.leap(Radix::decimal, *number, 100'000, 112'000, effort);
  };
  EXPECT_TRUE(leap(std::numeric_limits<int>::max()));
  const int last = all;
  ASSERT_GT(last, 2);
  for (int pieces = 0; pieces < last; ++pieces) EXPECT_EQ(leap(pieces), std::nullopt) << pieces << " of " << last;
}

TEST(Factorial, AnswersTheSameNumberInAllThreads) {
  Outbox outbox;
  ThreadPool pool({factorial_kind(1'000'000)}, outbox, {.threads = 3});
  pool.start(list_work(1, "factorial", std::vector<std::string>(12, number(20'000))));
  Collector collector(outbox);
  collector.wait_for(12);
  const std::string expected = decimal_of(gmp_factorial(Radix::decimal, 20'000), Team());
  for (std::uint64_t i = 0; i < 12; ++i) EXPECT_EQ(answer_of(collector.at(i)).value, expected);
}

/// What the threads of a job answer one after another: each has a start of another one to begin with.
TEST(Factorial, BeginsWithTheVeryNumberOfAnotherThread) {
  const Kind kind = factorial_kind(1'000'000);
  const Prepared prepared = *kind.prepare(JobBrief{.kind = "factorial"});
  const Runner first = prepared.on_thread(), second = prepared.on_thread();
  const auto answer = [](const Runner& runner, std::uint64_t n) {
    std::optional<TaskStatus> ended;
    const auto end = [](void* owner, TaskFeed::Task&, TaskStatus status, std::string_view, std::string*,
                        std::uint32_t) {
      *static_cast<std::optional<TaskStatus>*>(owner) = status;
      return false;
    };
    const std::string argument = number(n);
    TaskFeed feed(&ended, end, {.index = 0, .argument = argument}, {}, nullptr);
    runner(feed);
    return ended;
  };
  for (const std::uint64_t n : {20'000, 20'100, 20'000, 23'000, 20'000})
    for (const Runner& runner : {first, second, first}) EXPECT_EQ(answer(runner, n), TaskStatus::ok) << n;
}

TEST(Factorial, AnswersAListInAnyOrder) {
  std::vector<std::string> arguments;
  std::vector<unsigned long> numbers;
  std::mt19937_64 random(6);
  for (int i = 0; i < 60; ++i) numbers.push_back(i % 7 == 0 ? random() % 100 : 10'000 + random() % 10'000);
  for (const unsigned long n : numbers) arguments.push_back(number(n));
  Outbox outbox;
  ThreadPool pool({factorial_kind(1'000'000)}, outbox, {.threads = 2});
  Work work = list_work(1, "factorial", arguments);
  work.lease.brief.options = wire::encode(wire::FactorialOptions{.form = FactorialForm::decimal});
  pool.start(std::move(work));
  Collector collector(outbox);
  collector.wait_for(numbers.size());
  for (std::size_t i = 0; i < numbers.size(); ++i)
    ASSERT_EQ(answer_of(collector.at(i)).value, decimal_of(gmp_factorial(Radix::decimal, numbers[i]), Team())) << i;
}

TEST(Product, ReachesWhatIsNearAndNothingElse) {
  Product product(Radix::decimal);
  EXPECT_FALSE(product.reach(5));
  product.set(1000, gmp_factorial(Radix::decimal, 1000));
  EXPECT_FALSE(product.reach(1000 + kStepsUp + 1));
  EXPECT_FALSE(product.reach(1000 - kStepsDown - 1));
  ASSERT_TRUE(product.reach(1000 + kStepsUp));
  EXPECT_EQ(decimal_of(product.limbs(), Team()), decimal_of(gmp_factorial(Radix::decimal, 1000 + kStepsUp), Team()));
  ASSERT_TRUE(product.reach(1000 + kStepsUp - kStepsDown));
  EXPECT_EQ(decimal_of(product.limbs(), Team()),
            decimal_of(gmp_factorial(Radix::decimal, 1000 + kStepsUp - kStepsDown), Team()));
}

/// From n to n + step and back again, in both radixes.
void expect_there_and_back(std::uint64_t n, std::uint64_t step) {
  for (const Radix radix : {Radix::binary, Radix::decimal}) {
    const Limbs here = gmp_factorial(radix, n), there = gmp_factorial(radix, n + step);
    Product product(radix);
    product.set(n, here);
    ASSERT_TRUE(product.reach(n + step));
    ASSERT_TRUE(std::ranges::equal(product.limbs(), there)) << n << " + " << step;
    ASSERT_TRUE(product.reach(n));
    ASSERT_TRUE(std::ranges::equal(product.limbs(), here)) << n << " + " << step;
  }
}

TEST(Product, GoesBackTheWayItCame) {
  for (std::uint64_t n = 0; n <= 100; ++n) expect_there_and_back(n, 1 + n % kStepsDown);
  for (std::uint64_t n = 1000; n <= 40'000; n += 1009)
    for (const std::uint64_t step : {std::uint64_t{1}, std::uint64_t{7}, kStepsDown}) expect_there_and_back(n, step);
}

TEST(Product, DividesByTheLargestFactors) {
  // 2^64-1 has its highest bit set, 2^63 alone, 3 has neither; the quotient's limbs are the largest there are.
  for (const std::uint64_t factor : {~std::uint64_t{0}, std::uint64_t{1} << 63, std::uint64_t{3}}) {
    Limbs number = limbs_of_decimal(std::string(3 * kLimbDigits, '9'));
    const Limbs before = number;
    multiply_by(Radix::decimal, number, factor);
    divide_by(Radix::decimal, number, factor);
    EXPECT_EQ(number, before);
  }
}

TEST(Product, CarriesOverTheLargestFactors) {
  Product product(Radix::decimal);
  const std::uint64_t huge = ~std::uint64_t{0} - 1;
  product.set(huge, limbs_of_decimal(std::string(57, '9')));
  ASSERT_TRUE(product.reach(huge + 1));
  mpz_t expected;
  mpz_init_set_str(expected, std::string(57, '9').c_str(), 10);
  mpz_mul_ui(expected, expected, huge + 1);
  char text[100];
  EXPECT_EQ(decimal_of(product.limbs(), Team()), mpz_get_str(text, 10, expected));
  mpz_clear(expected);
}

}  // namespace
}  // namespace brigade::worker
