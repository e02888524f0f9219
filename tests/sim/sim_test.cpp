#include <gtest/gtest.h>

#include "tests/sim/simulation.h"

namespace brigade::sim {
namespace {

void expect_good(std::uint64_t first, std::uint64_t last) {
  for (std::uint64_t seed = first; seed <= last; ++seed) {
    const Report report = simulate({.seed = seed});
    if (report.failure.empty()) continue;
    for (const std::string& line : report.last) std::puts(line.c_str());
    ADD_FAILURE() << "seed " << seed << ": " << report.failure << "\nrun again: brigade-sim --seed " << seed
                  << " --trace";
    return;
  }
}

// Split, so that they run side by side.
TEST(Simulation, KeepsItsPromisesInSeeds1To125) {
  expect_good(1, 125);
}
TEST(Simulation, KeepsItsPromisesInSeeds126To250) {
  expect_good(126, 250);
}
TEST(Simulation, KeepsItsPromisesInSeeds251To375) {
  expect_good(251, 375);
}
TEST(Simulation, KeepsItsPromisesInSeeds376To500) {
  expect_good(376, 500);
}

TEST(Simulation, ReplaysASeedIdentically) {
  for (std::uint64_t seed = 1; seed <= 20; ++seed) {
    const Report first = simulate({.seed = seed});
    const Report second = simulate({.seed = seed});
    EXPECT_EQ(first.hash, second.hash) << "seed " << seed;
    EXPECT_EQ(first.events, second.events) << "seed " << seed;
  }
}

TEST(Simulation, TellsSeedsApart) {
  EXPECT_NE(simulate({.seed = 1}).hash, simulate({.seed = 2}).hash);
}

class PlantedBug : public testing::TestWithParam<Bug> {};

TEST_P(PlantedBug, IsFound) {
  // Rare in random worlds (about one of 9,000): the search begins shortly before a seed that shows it. Another is found
  // by brigade-sim --seeds 1..10000 --bug returned_once.
  const std::uint64_t first = GetParam() == Bug::returned_once ? 9500 : 1;
  const std::uint64_t last = first + 1000;
  std::uint64_t seed = first;
  while (seed <= last && !fails_in_child({.seed = seed, .bug = GetParam()})) ++seed;
  EXPECT_LE(seed, last);
  RecordProperty("seed", std::to_string(seed));
}

std::vector<Bug> all_bugs() {
  std::vector<Bug> bugs;
  for (int number = 1; number < kBugs; ++number) bugs.push_back(static_cast<Bug>(number));
  return bugs;
}

INSTANTIATE_TEST_SUITE_P(All, PlantedBug, testing::ValuesIn(all_bugs()),
                         [](const auto& bug) { return std::string(name_of(bug.param)); });

}  // namespace
}  // namespace brigade::sim
