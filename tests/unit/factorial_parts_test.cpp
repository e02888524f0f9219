// Factorials in parts: the plan, the parts, their checks, and the tasks that compute and merge them.
#include "worker/kinds/factorial/parts.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <cstring>
#include <random>
#include <string>
#include <string_view>
#include <vector>

#include "proto/wire/kinds.h"
#include "tests/unit/factorial_support.h"
#include "worker/kinds/factorial/compute.h"
#include "worker/kinds/factorial/field.h"
#include "worker/kinds/factorial/needs.h"
#include "worker/kinds/factorial/primes.h"
#include "worker/kinds/factorial/split.h"

namespace brigade::worker {
namespace {

using test::answer_of;
using test::measured_memory;
using test::number;
using test::run;
using wire::FactorialForm;

constexpr Radix kBothRadices[] = {Radix::binary, Radix::decimal};
constexpr FactorialForm kForms[] = {FactorialForm::decimal, FactorialForm::hex, FactorialForm::binary,
                                    FactorialForm::digits, FactorialForm::digest};

wire::FactorialOptions options_of(FactorialForm form, std::uint64_t n, std::uint32_t parts, bool merge) {
  return {.form = form, .split = wire::FactorialSplit{.n = n, .parts = parts, .merge = merge}};
}

class FactorialParts : public testing::Test {
 protected:
  void SetUp() override {
    if (!kernels_available()) GTEST_SKIP() << "this processor computes no parts";
  }

  std::vector<Limbs> parts_of(Radix radix, std::uint32_t n, std::uint32_t parts) {
    const auto primes = primes_of_parts(radix, n);
    std::vector<Limbs> made;
    for (std::uint32_t i = 0; i < parts; ++i)
      made.push_back(swing_.part_of(radix, n, primes_of_part(primes, n, i, parts), effort_).value_or(Limbs{}));
    return made;
  }
  /// As the tasks of the first job answer.
  static std::vector<std::string> answered_parts(FactorialForm form, std::uint64_t n, std::uint32_t parts) {
    std::vector<std::string> arguments;
    for (std::uint32_t i = 0; i < parts; ++i) arguments.push_back(number(i));
    std::vector<std::string> values;
    for (const test::Row& row : run(options_of(form, n, parts, false), arguments))
      values.push_back(answer_of(row).value);
    return values;
  }
  static test::Row merge(FactorialForm form, std::uint64_t n, const std::vector<std::string>& parts) {
    const auto count = static_cast<std::uint32_t>(parts.size());
    return run(options_of(form, n, count, true), {wire::encode_factorial_parts(parts)}).front();
  }

  SwingFactorial swing_;
  SpareCores spare_{1};
  const Effort effort_{.team = Team(&spare_)};
};

TEST_F(FactorialParts, MultiplyToTheFactorial) {
  std::mt19937_64 random(11);
  int cases = 0;
  const auto expect_right = [&](Radix radix, std::uint32_t n, std::uint32_t parts) {
    std::vector<Limbs> made = parts_of(radix, n, parts);
    ASSERT_EQ(first_wrong_part(radix, n, made, effort_.team), std::nullopt) << n << "! in " << parts;
    ASSERT_EQ(merged(radix, n, std::move(made), effort_), gmp_factorial(radix, n)) << n << "! in " << parts;
    ++cases;
  };
  for (const Radix radix : kBothRadices) {
    for (std::uint32_t n = 0; n <= 50; ++n)
      for (const std::uint32_t parts : {1u, 2u, 3u, 64u}) expect_right(radix, n, parts);
    for (int round = 0; round < 150; ++round)
      expect_right(radix, static_cast<std::uint32_t>(random() % 6000), 1 + static_cast<std::uint32_t>(random() % 64));
    expect_right(radix, 60'000, 4);
  }
  EXPECT_EQ(cases, 2 * (51 * 4 + 150 + 1));
}

TEST_F(FactorialParts, HaveEachPrimeOnce) {
  for (const std::uint32_t n : {1u, 2u, 3u, 100u, 100'000u})
    for (const std::uint32_t parts : {1u, 2u, 7u, 64u}) {
      const auto primes = primes_of_parts(Radix::decimal, n);
      std::vector<std::uint32_t> all;
      for (std::uint32_t i = 0; i < parts; ++i) {
        const auto mine = primes_of_part(primes, n, i, parts);
        EXPECT_TRUE(std::is_sorted(mine.begin(), mine.end()));
        all.insert(all.end(), mine.begin(), mine.end());
      }
      std::sort(all.begin(), all.end());
      EXPECT_EQ(all, primes_up_to(n)) << parts << " parts of " << n << "!";
    }
}

TEST_F(FactorialParts, AreAboutEquallyLong) {
  for (const Radix radix : kBothRadices)
    for (const std::uint32_t parts : {2u, 3u, 4u, 8u, 16u}) {
      std::size_t least = SIZE_MAX, most = 0;
      for (const Limbs& part : parts_of(radix, 300'000, parts)) {
        least = std::min(least, part.size());
        most = std::max(most, part.size());
      }
      // With 16 parts the power of 2 alone is a whole part.
      EXPECT_LE(most * 100, least * (parts <= 8 ? 108 : 130)) << parts;
    }
}

TEST_F(FactorialParts, AreCaughtWhenTheyAreWrong) {
  constexpr std::uint32_t kN = 2000, kParts = 3;
  for (const Radix radix : kBothRadices) {
    const std::vector<Limbs> right = parts_of(radix, kN, kParts);
    EXPECT_EQ(first_wrong_part(radix, kN, right, Team()), std::nullopt);
    for (std::size_t k = 0; k < right[1].size(); ++k) {
      std::vector<Limbs> wrong = right;
      wrong[1][k] ^= 1;
      EXPECT_EQ(first_wrong_part(radix, kN, wrong, Team()), 1u) << k;
    }
    std::vector<Limbs> swapped = right;  // the product would be right, but nobody has told so
    std::swap(swapped[0], swapped[2]);
    EXPECT_EQ(first_wrong_part(radix, kN, swapped, Team()), 0u);
    std::vector<Limbs> missing = right;
    missing[2] = {1};
    EXPECT_EQ(first_wrong_part(radix, kN, missing, Team()), 2u);
  }
}

TEST_F(FactorialParts, AreGivenUpBetweenProducts) {
  constexpr std::uint32_t kN = 100'000;
  std::vector<Limbs> parts = parts_of(Radix::decimal, kN, 4);
  int asked = 0;
  const Effort soon{.team = Team(), .given_up = [&asked] { return ++asked > 3; }};
  EXPECT_EQ(merged(Radix::decimal, kN, std::move(parts), soon), std::nullopt);
  EXPECT_LE(asked, 20);
}

TEST_F(FactorialParts, BecomeEveryFormOfTheNumberByTasks) {
  for (const std::uint64_t n : {0u, 5u, 30'000u})
    for (const FactorialForm form : kForms) {
      const auto whole = answer_of(run({.form = form, .verify = true}, {number(n)}).front());
      const auto split = answer_of(merge(form, n, answered_parts(form, n, 4)));
      EXPECT_EQ(split.value, whole.value) << n << "!, form " << static_cast<int>(form);
      EXPECT_EQ(split.digits, whole.digits) << n << "!, form " << static_cast<int>(form);
    }
}

TEST_F(FactorialParts, AreRefusedByTheMergeWhenOneIsWrong) {
  std::vector<std::string> parts = answered_parts(FactorialForm::decimal, 1000, 3);
  parts[2][8] = static_cast<char>(parts[2][8] ^ 4);
  const test::Row row = merge(FactorialForm::decimal, 1000, parts);
  EXPECT_EQ(row.status, TaskStatus::internal);
  EXPECT_EQ(row.value.find("part 2 of 1000! did not stand its check"), 0u) << row.value;
}

TEST_F(FactorialParts, AreRefusedByTheMergeWhenTheyAreNone) {
  const std::vector<std::string> parts = answered_parts(FactorialForm::decimal, 1000, 3);
  const auto refused = [](const wire::FactorialOptions& options, const std::string& argument) {
    const test::Row row = run(options, {argument}).front();
    EXPECT_EQ(row.status, TaskStatus::invalid_argument) << row.value;
    return row.value;
  };
  const auto options = options_of(FactorialForm::decimal, 1000, 3, true);
  EXPECT_EQ(refused(options, "abc"), "3 bytes that are not 3 parts of a factorial");
  EXPECT_EQ(refused(options, wire::encode_factorial_parts({parts[0], parts[1], std::string(8, '\xFF')})),
            "a part of 1000! is no number of the radix 10^19");
  EXPECT_EQ(refused(options, wire::encode_factorial_parts({parts[0], parts[1], parts[2] + std::string(8000, '\0')})),
            "the parts of 1000! are longer than it");
  EXPECT_EQ(refused(options_of(FactorialForm::decimal, 1000, 3, false), number(3)), "there is no part 3 of 3");
  EXPECT_EQ(run(options_of(FactorialForm::digits, 1001, 3, false), {number(0)}, 1000).front().status,
            TaskStatus::too_large);
  const test::Row too_long =
      run(options_of(FactorialForm::digits, 100'000'000, 3, false), {number(0)}, 1'000'000'000)[0];
  EXPECT_EQ(too_long.status, TaskStatus::invalid_argument);
  EXPECT_EQ(too_long.value, "the parts of 100000000! are too long for a message");
}

TEST_F(FactorialParts, AreGivenUpPastTheDeadline) {
  TaskFeed::Task task{.deadline = Instant{} + std::chrono::nanoseconds(1), .limit = std::chrono::nanoseconds(1)};
  const std::string argument = number(1);
  task.argument = argument;
  TaskStatus ended = TaskStatus::ok;
  const auto end = [](void* owner, TaskFeed::Task&, TaskStatus status, std::string_view, std::string*, std::uint32_t) {
    *static_cast<TaskStatus*>(owner) = status;
    return false;
  };
  TaskFeed feed(&ended, end, task, {}, nullptr);
  split_factorial(options_of(FactorialForm::hex, 100'000, 2, false), {.n = 1'000'000}).on_thread()(feed);
  EXPECT_EQ(ended, TaskStatus::timeout);
}

TEST_F(FactorialParts, TakeTheMemoryThatIsKnownBefore) {
  if (!std::string_view(BRIGADE_SANITIZERS).empty()) GTEST_SKIP() << "other memory than in the program";
  // Before this process has made any: what it has freed when it forks, its child may take without being seen to.
  for (const std::uint64_t n : {1'000'000, 1'300'000, 2'000'000})
    for (const FactorialForm form : {FactorialForm::decimal, FactorialForm::hex}) {
      const auto part = options_of(form, n, 4, false);
      const std::uint64_t taken = measured_memory({number(0)}, part), told = memory_of_factorial(n, part);
      EXPECT_LE(taken, told) << "a part of " << n << "!";
      EXPECT_LE(told, 4 * taken) << "a part of " << n << "!";
    }
  for (const std::uint64_t n : {1'000'000, 1'300'000, 2'000'000})
    for (const FactorialForm form : {FactorialForm::decimal, FactorialForm::hex}) {
      const auto all = options_of(form, n, 4, true);
      const std::string argument = wire::encode_factorial_parts(answered_parts(form, n, 4));
      EXPECT_LE(argument.size(), argument_bytes_of_merge(n, all));
      const std::uint64_t merge_taken = measured_memory({argument}, all), merge_told = memory_of_factorial(n, all);
      EXPECT_LE(merge_taken, merge_told) << "the merge of " << n << "!";
      EXPECT_LE(merge_told, 2 * merge_taken) << "the merge of " << n << "!";
    }
}

TEST_F(FactorialParts, NeedMoreMemoryTheLargerTheNumber) {
  for (const FactorialForm form : kForms)
    for (const bool merge : {false, true}) {
      std::uint64_t last = 0;
      for (std::uint64_t n = 0; n < std::uint64_t{1} << 62; n += 1 + n / 7) {
        const std::uint64_t bytes = memory_of_factorial(n, options_of(form, n, 4, merge));
        ASSERT_GE(bytes, last) << n;
        last = bytes;
      }
    }
}

}  // namespace
}  // namespace brigade::worker
