// The cells of a grid, their order, the time and the memory that they take.
#include <gtest/gtest.h>

#include <set>

#include "client/experiment/command_line.h"
#include "client/experiment/grid.h"
#include "client/experiment/plan.h"

namespace brigade::experiment {
namespace {

std::vector<std::string> ids_of(const GridWishes& wishes) {
  std::vector<std::string> ids;
  const auto cells = expand(wishes);
  if (!cells) return {cells.error().message};
  for (const Cell& cell : *cells) ids.push_back(cell.id);
  return ids;
}

TEST(Grid, HasEveryCombinationThatMeansSomethingOnce) {
  const GridWishes wishes{
      .workers = {1, 2}, .threads = {1, 4}, .io_concurrency = {16}, .typed_tasks = 10, .cores = 2, .workload = "noop"};
  EXPECT_EQ(ids_of(wishes),
            (std::vector<std::string>{"serial", "threads-w1-t1", "threads-w1-t4", "threads-w2-t1", "threads-w2-t4",
                                      "processes-w1", "processes-w2", "coroutines-w1-c16", "coroutines-w2-c16"}));
}

TEST(Grid, TakesTheUsualNumbersOfAMachineWhereNoneAreGiven) {
  EXPECT_EQ(ids_of({.cores = 4}),
            (std::vector<std::string>{"serial", "threads-w1-t4", "processes-w4", "coroutines-w1-c256"}));
}

TEST(Grid, HasPythonsModesBesideBrigades) {
  GridWishes wishes{.modes = {"serial"}, .cores = 2};
  wishes.baseline_modes = {"sequential", "threading", "multiprocessing", "asyncio"};
  EXPECT_EQ(ids_of(wishes), (std::vector<std::string>{"serial", "python-sequential", "python-threading-t2",
                                                      "python-multiprocessing-w2", "python-asyncio-c256"}));
}

TEST(Grid, KeepsTheTasksInStrongScalingAndMultipliesThemInWeakScaling) {
  const auto strong = expand({.modes = {"processes"}, .workers = {1, 4}, .tasks = 100});
  ASSERT_TRUE(strong);
  EXPECT_EQ((*strong)[0].tasks, 100u);
  EXPECT_EQ((*strong)[1].tasks, 100u);
  const auto weak = expand({.modes = {"processes"}, .workers = {1, 4}, .tasks_per_worker = 100});
  ASSERT_TRUE(weak);
  EXPECT_EQ((*weak)[0].tasks, 100u);
  EXPECT_EQ((*weak)[1].tasks, 400u);
}

TEST(Grid, RepeatsEverythingForEachSize) {
  EXPECT_EQ(ids_of({.modes = {"serial"}, .sizes = {"1ms", "10ms"}}),
            (std::vector<std::string>{"serial-1ms", "serial-10ms"}));
  EXPECT_EQ(size_number("10ms"), 10);
  EXPECT_EQ(size_number("100000"), 100'000);
}

TEST(Grid, RefusesWhatCannotBeMeasured) {
  EXPECT_EQ(ids_of({.modes = {"none"}}).front(),
            "the grid is empty: --modes none leaves only the baselines; add --baseline python, or name a mode");
  EXPECT_NE(ids_of({.tasks = 1, .tasks_per_worker = 1}).front().find("not both"), std::string::npos);
}

TEST(GridLists, NameTheEntryAtFault) {
  EXPECT_EQ(*parse_counts("--workers", "1,2,4", 1024), (std::vector<unsigned>{1, 2, 4}));
  EXPECT_EQ(parse_counts("--workers", "1,0", 1024).error().message, "--workers: '0' is not in 1..1024");
  EXPECT_EQ(parse_counts("--workers", "2048", 1024).error().message, "--workers: '2048' is not in 1..1024");
  EXPECT_FALSE(parse_counts("--workers", "two", 1024));
  EXPECT_EQ(parse_words("--sizes", "1,,2").error().message,
            "--sizes: an entry of the list is empty; write for example 1,2,4");
  EXPECT_EQ(parse_words("--sizes", "1,1").error().message, "--sizes: '1' is there twice; leave one out");
  EXPECT_EQ(parse_modes("--modes", "fibers", brigade_modes()).error().message,
            "--modes: 'fibers' is none of serial, threads, processes, coroutines");
}

Manifest manifest_of_cells(unsigned cells, unsigned repeat, std::uint64_t seed) {
  Manifest manifest{.repeat = repeat, .seed = seed};
  for (unsigned i = 0; i < cells; ++i) manifest.cells.push_back({.id = std::to_string(i)});
  return manifest;
}

TEST(Order, MeasuresEveryCellOnceBeforeAnyAgain) {
  const auto order = order_of(manifest_of_cells(10, 3, 7));
  ASSERT_EQ(order.size(), 30u);
  for (unsigned repeat = 1; repeat <= 3; ++repeat) {
    std::set<std::size_t> cells;
    for (std::size_t i = 10 * (repeat - 1); i < 10 * repeat; ++i) {
      EXPECT_EQ(order[i].repeat, repeat);
      cells.insert(order[i].cell);
    }
    EXPECT_EQ(cells.size(), 10u);
  }
}

TEST(Order, IsAnotherForEachSeedAndTheSameAfterAResume) {
  EXPECT_EQ(order_of(manifest_of_cells(10, 3, 7)), order_of(manifest_of_cells(10, 3, 7)));
  EXPECT_NE(order_of(manifest_of_cells(10, 3, 7)), order_of(manifest_of_cells(10, 3, 8)));
}

TEST(Estimate, DividesComputingByCoresAndWaitingBySlots) {
  const Cell threads{.mode = "threads", .workers = 1, .threads = 8, .tasks = 80};
  const double spin = seconds_of_run(threads, guess_of("spin", 1'000'000'000), 0, 4);
  EXPECT_NEAR(spin, 20, 1);  // 80 x 1 s on 4 cores
  const double sleep = seconds_of_run(threads, guess_of("sleep", 1'000'000'000), 1, 4);
  EXPECT_NEAR(sleep, 20, 1);  // 80 x 1 s in 8 slots, twice
}

TEST(Memory, RefusesMoreWorkersThanFitAndSaysHowManyDo) {
  const Cell large{.runner = "brigade", .mode = "processes", .workers = 1000, .threads = 1, .tasks = 1000};
  EXPECT_TRUE(check_memory({large}, {}, 0)) << "not known: not refused";
  EXPECT_TRUE(check_memory({large}, {}, 100'000'000'000));
  const auto refused = check_memory({large}, {}, 1'000'000'000);
  ASSERT_FALSE(refused);
  EXPECT_NE(refused.error().message.find("take at most --workers "), std::string::npos) << refused.error().message;
}

TEST(CommandOfACell, RepeatsThatCellAlone) {
  Manifest manifest{.kind = "noop",
                    .arguments = {"experiment", "noop", "0..9", "--modes", "threads,serial", "--workers=1,2", "-o",
                                  "json", "--results", "here", "--private"},
                    .repeat = 3,
                    .warmup = 0};
  const Cell cell{.runner = "brigade", .mode = "threads", .workers = 2, .threads = 4, .tasks = 10};
  EXPECT_EQ(command_of(manifest, cell),
            "brigade experiment noop 0..9 --private --modes threads --workers 2 --threads 4 --tasks 10 --repeat 3 "
            "--warmup 0");
  EXPECT_EQ(shell_line({"echo", "it's", ""}), R"(echo 'it'\''s' '')");
}

}  // namespace
}  // namespace brigade::experiment
