#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <random>
#include <set>

#include "proto/model/columns.h"
#include "proto/model/ids.h"
#include "proto/model/job.h"
#include "proto/model/outcome.h"
#include "proto/model/runs.h"

namespace brigade {
namespace {

constexpr std::uint64_t kUniverse = 60;

std::set<std::uint64_t> numbers_of(const Runs& runs) {
  std::set<std::uint64_t> numbers;
  for (const brigade::Run& run : runs)
    for (std::uint64_t i = run.first; i < run.end(); ++i) EXPECT_TRUE(numbers.insert(i).second) << "twice: " << i;
  return numbers;
}

// Every question that a RunSet answers, against a set of numbers.
void expect_same(const RunSet& runs, const std::set<std::uint64_t>& numbers) {
  EXPECT_EQ(numbers_of(runs.runs()), numbers);
  EXPECT_EQ(runs.count(), numbers.size());
  EXPECT_EQ(runs.empty(), numbers.empty());
  EXPECT_EQ(runs.fragments(), runs.runs().size());
  const Runs all = runs.runs();
  for (std::size_t i = 1; i < all.size(); ++i) EXPECT_GT(all[i].first, all[i - 1].end()) << "runs touch";
  for (std::uint64_t i = 0; i <= kUniverse; ++i) {
    EXPECT_EQ(runs.contains(i), numbers.contains(i));
    std::uint64_t missing = i;
    while (numbers.contains(missing)) ++missing;
    EXPECT_EQ(runs.first_missing(i), missing);
    const auto next = numbers.lower_bound(i);
    const auto found = runs.first_at_or_after(i);
    ASSERT_EQ(found.has_value(), next != numbers.end());
    if (found) {
      EXPECT_EQ(found->first, *next);
      EXPECT_EQ(found->end(), runs.first_missing(*next));
    }
  }
}

TEST(RunSet, IsASetOfNumbersWhateverIsDoneToIt) {
  std::mt19937 random(1);
  for (int round = 0; round < 60; ++round) {
    RunSet runs;
    std::set<std::uint64_t> numbers;
    for (int step = 0; step < 30; ++step) {
      const std::uint64_t first = random() % kUniverse;
      const brigade::Run run{first, random() % std::min<std::uint64_t>(kUniverse - first + 1, 12)};
      const bool inserts = random() % 2 == 0;
      inserts ? runs.insert(run) : runs.erase(run);
      for (std::uint64_t i = run.first; i < run.end(); ++i) inserts ? (void)numbers.insert(i) : (void)numbers.erase(i);
      expect_same(runs, numbers);

      const brigade::Run asked{random() % kUniverse, random() % 20};
      std::set<std::uint64_t> inside;
      std::set<std::uint64_t> outside;
      for (std::uint64_t i = asked.first; i < asked.end(); ++i) (numbers.contains(i) ? inside : outside).insert(i);
      EXPECT_EQ(numbers_of(runs.within(asked)), inside);
      EXPECT_EQ(numbers_of(runs.missing(asked)), outside);
    }
    runs.clear();
    expect_same(runs, {});
  }
}

TEST(RunSet, HoldsABillionTasksAsOneRun) {
  RunSet runs(brigade::Run{0, 1'000'000'000});
  runs.erase({500'000'000, 1});
  EXPECT_EQ(runs.runs(), (Runs{{0, 500'000'000}, {500'000'001, 499'999'999}}));
  EXPECT_EQ(runs.count(), 999'999'999u);
}

TEST(Runs, ShareWhatBothContain) {
  EXPECT_EQ(intersection({0, 10}, {5, 10}), (brigade::Run{5, 5}));
  EXPECT_EQ(intersection({5, 10}, {0, 10}), (brigade::Run{5, 5}));
  EXPECT_EQ(intersection({0, 5}, {5, 5}), std::nullopt);
  EXPECT_EQ(intersection({0, 0}, {0, 5}), std::nullopt);
  EXPECT_EQ(count_of({{0, 3}, {10, 4}}), 7u);
}

TEST(JobIds, AreWrittenAndReadAsHexadecimal) {
  const JobId id{.high = 0x0123'4567'89AB'CDEF, .low = 0xF};
  EXPECT_EQ(to_string(id), "0123456789abcdef000000000000000f");
  EXPECT_EQ(parse_job_id(to_string(id)), id);
  for (const char* bad : {"", "0123456789abcdef", "0123456789ABCDEF000000000000000f",
                          "0123456789abcdef000000000000000g", "0123456789abcdef000000000000000f0"})
    EXPECT_EQ(parse_job_id(bad), std::nullopt) << bad;
}

TEST(Column, PacksRowsAndEqualOnesAsAConstant) {
  const auto constant = Column<float>::of({2.5f, 2.5f, 2.5f});
  EXPECT_TRUE(constant.is_constant());
  EXPECT_EQ(constant[1'000'000], 2.5f);
  const auto mixed = Column<std::uint16_t>::of({1, 2, 3});
  EXPECT_FALSE(mixed.is_constant());
  EXPECT_EQ(mixed.size(), 3u);
  EXPECT_EQ(mixed[2], 3);
  EXPECT_TRUE(Column<float>::of({}).is_constant());
  EXPECT_FALSE(Column<float>::of({0.0f, -0.0f}).is_constant()) << "equal numbers, but not equal bits";
}

TEST(Column, ReadsRowsThatAreNotAligned) {
  const std::string frame = std::string("x") + std::string("\x01\0\0\0\x02\0\0\0", 8);
  const Column<std::uint32_t> column(Bytes::of(frame).part(1, 8));
  EXPECT_EQ(column[0], 1u);
  EXPECT_EQ(column[1], 2u);
}

Values values_of(const std::vector<std::string>& texts) {
  ValuesBuilder builder;
  for (const auto& text : texts) builder.add(text);
  return builder.take();
}

std::vector<std::string> texts_of(const Values& values, std::size_t rows) {
  std::vector<std::string> texts;
  ValuesReader reader(values);
  for (; rows > 0; --rows) texts.emplace_back(reader.next());
  return texts;
}

TEST(Values, SliceLikeTheListTheyAre) {
  for (const auto& texts :
       {std::vector<std::string>{"a", "", "ccc", "dd"}, std::vector<std::string>{"xx", "yy", "zz"}}) {
    const Values values = values_of(texts);
    EXPECT_EQ(total_size(values.sizes, texts.size()), values.blob.size());
    for (std::size_t first = 0; first <= texts.size(); ++first)
      for (std::size_t count = 0; first + count <= texts.size(); ++count) {
        const auto begin = texts.begin() + static_cast<std::ptrdiff_t>(first);
        const std::vector<std::string> expected(begin, begin + static_cast<std::ptrdiff_t>(count));
        EXPECT_EQ(texts_of(slice(values, first, count), count), expected);
        EXPECT_EQ(slice(values, first, count).blob.owner(), values.blob.owner()) << "a copy";
      }
  }
}

TEST(Outcomes, SelectKeepsTheRowsOfTheirTasks) {
  Outcomes outcomes;
  outcomes.runs = {{10, 3}, {2, 2}};
  outcomes.status = Column<TaskStatus>::of(
      {TaskStatus::ok, TaskStatus::dns, TaskStatus::ok, TaskStatus::timeout, TaskStatus::internal});
  outcomes.start_ms = Column<float>(1);
  outcomes.run_ms = Column<float>::of({10, 11, 12, 2, 3});
  outcomes.retry_after_ms = Column<std::uint32_t>(kFinal);
  outcomes.values = values_of({"ten", "eleven", "twelve", "two", "three"});

  RunSet keep;
  for (const std::uint64_t index : {3u, 10u, 12u, 99u}) keep.insert({index, 1});
  const Outcomes kept = select(outcomes, keep);
  EXPECT_EQ(kept.runs, (Runs{{10, 1}, {12, 1}, {3, 1}}));
  EXPECT_EQ(kept.status, Column<TaskStatus>::of({TaskStatus::ok, TaskStatus::ok, TaskStatus::internal}));
  EXPECT_EQ(kept.start_ms, Column<float>(1));
  EXPECT_EQ(kept.run_ms, Column<float>::of({10, 12, 3}));
  EXPECT_EQ(texts_of(kept.values, 3), (std::vector<std::string>{"ten", "twelve", "three"}));

  EXPECT_EQ(select(outcomes, RunSet{}).count(), 0u);
  EXPECT_EQ(select(outcomes, RunSet(brigade::Run{0, 100})), outcomes);
}

TEST(Outcomes, SliceIsSelectionByRow) {
  Outcomes outcomes;
  outcomes.runs = {{10, 3}, {2, 2}};
  outcomes.run_ms = Column<float>::of({10, 11, 12, 2, 3});
  outcomes.values = values_of({"ten", "eleven", "twelve", "two", "three"});
  const Outcomes part = slice(outcomes, 2, 2);
  EXPECT_EQ(part.runs, (Runs{{12, 1}, {2, 1}}));
  EXPECT_EQ(part.run_ms[0], 12.0f);
  EXPECT_EQ(part.run_ms[1], 2.0f);
  EXPECT_EQ(texts_of(part.values, 2), (std::vector<std::string>{"twelve", "two"}));
}

TEST(TaskStatuses, HaveNamesThatAreReadBack) {
  for (std::size_t i = 0; i < kTaskStatuses; ++i) {
    const auto status = static_cast<TaskStatus>(i);
    EXPECT_EQ(parse_task_status(name_of(status)), status);
  }
  EXPECT_EQ(name_of(TaskStatus::protocol), "protocol");
  EXPECT_EQ(parse_task_status("nonsense"), std::nullopt);
}

TEST(Histogram, TellsQuantilesWithinSixPercent) {
  std::mt19937 random(3);
  std::vector<float> sample;
  Histogram histogram;
  for (int i = 0; i < 10'000; ++i) {
    sample.push_back(std::exp2(static_cast<float>(random() % 4000) / 100.0f - 10.0f));
    histogram.add(sample.back());
  }
  std::sort(sample.begin(), sample.end());
  for (const double q : {0.0, 0.1, 0.5, 0.9, 0.99, 1.0}) {
    const float exact = sample[static_cast<std::size_t>(q * 9'999)];
    const float told = histogram.quantile(q);
    EXPECT_LE(told, exact);
    EXPECT_GE(told, exact * 0.94f);
  }
}

TEST(Histogram, AddsUpAndBearsExtremes) {
  Histogram histogram;
  EXPECT_EQ(histogram.quantile(0.5), 0.0f);
  for (const float ms : {0.0f, -1.0f, 1e-30f, 1e38f}) histogram.add(ms);
  EXPECT_EQ(histogram.count(), 4u);
  EXPECT_EQ(histogram.quantile(0.5), 0.0f);
  EXPECT_GE(histogram.quantile(1), 1e9f);
  Histogram other;
  other.add(5, 100);
  other.add(histogram);
  EXPECT_EQ(other.count(), 104u);
  EXPECT_NEAR(other.quantile(0.5), 5, 0.3);
}

TEST(Modes, ArePlacementsAndHaveNames) {
  EXPECT_EQ(placement_of(Mode::serial, Lane::loop), (Placement{Lane::threads, 1, 1}));
  EXPECT_EQ(placement_of(Mode::processes, Lane::loop), (Placement{Lane::threads, 1, kUnlimited}));
  EXPECT_EQ(placement_of(Mode::threads, Lane::loop), (Placement{Lane::threads, kUnlimited, kUnlimited}));
  EXPECT_EQ(placement_of(Mode::coroutines, Lane::threads), (Placement{Lane::loop, kUnlimited, kUnlimited}));
  EXPECT_EQ(placement_of(Mode::automatic, Lane::loop), (Placement{Lane::loop, kUnlimited, kUnlimited}));
  EXPECT_EQ(placement_of(Mode::threads, Lane::loop, {.workers = 2, .per_worker = 3}), (Placement{Lane::threads, 3, 2}));
  EXPECT_EQ(placement_of(Mode::serial, Lane::loop, {.workers = 2, .per_worker = 3}), (Placement{Lane::threads, 1, 1}));
  for (const auto mode : {Mode::automatic, Mode::serial, Mode::threads, Mode::processes, Mode::coroutines})
    EXPECT_EQ(parse_mode(name_of(mode)), mode);
  EXPECT_EQ(parse_mode("fast"), std::nullopt);
}

}  // namespace
}  // namespace brigade
