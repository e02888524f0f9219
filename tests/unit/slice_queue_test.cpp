// Which tasks start: not while too much is unacknowledged, and only while there is memory for them.
#include <gtest/gtest.h>

#include <thread>

#include "proto/wire/kinds.h"
#include "tests/support/executors.h"
#include "worker/exec/slices.h"
#include "worker/kinds/simple.h"

namespace brigade::worker {
namespace {

using test::Collector;
using test::list_work;
using test::range_work;

TEST(SliceQueue, StartsNothingWhileTooMuchIsUnacknowledged) {
  Outbox outbox;
  SliceQueue queue({echo_kind()}, {.unreleased_max = 1500});
  Station& station = queue.add_station(outbox.add_tray());
  const std::string value(1000, 'x');
  queue.add(list_work(1, "echo", {value, value, value}));
  const auto run_one = [&] {
    const std::optional<Grain> grain = queue.take(station);
    if (!grain) return false;
    grain->slice->job->grain = 1;
    Runner runner;
    station.run(runner);
    queue.done(station, grain->slice->job);
    grain->slice->job->grain = 1;
    return true;
  };
  EXPECT_TRUE(run_one());
  EXPECT_TRUE(run_one());  // 2032 bytes are out now
  EXPECT_FALSE(run_one());
  Collector collector(outbox);
  collector.wait_for(2);
  EXPECT_EQ(collector.weight, 2032u);
  queue.release(500);
  EXPECT_FALSE(run_one());
  queue.release(1532);
  EXPECT_TRUE(run_one());
  EXPECT_EQ(queue.busy(), 0u);
}

TEST(SliceQueue, LetsOutcomesWaitForTheNextQuickTaskOnly) {
  Outbox outbox;
  const auto nap = [](TaskFeed& feed) {
    if (feed.task().index > 0) std::this_thread::sleep_for(Tray::kGrowthMax);
    return Ending{};
  };
  SliceQueue queue({test::kind_of("nap", nap)}, {});
  Station& station = queue.add_station(outbox.add_tray());
  queue.add(range_work(1, "nap", {0, 2}));
  const auto run_one = [&] {
    const std::shared_ptr<ActiveJob> job = queue.take(station)->slice->job;
    job->grain = 1;
    Runner runner;
    station.run(runner);
    queue.done(station, job);
    job->grain = 1;
  };
  run_one();
  station.rest();  // without it, the loop would look again after a while
  EXPECT_EQ(outbox.collect().size(), 1u);
  run_one();  // was slow: nobody waits for another like it
  EXPECT_EQ(outbox.collect().size(), 1u);
}

TEST(SliceQueue, FailsTasksWhoseRunnerFindsNoMemory) {
  Outbox outbox;
  Kind kind{.name = "starved", .prepare = [](const JobBrief&) -> Result<Prepared> {
              return Prepared{.on_thread = []() -> Runner { throw std::bad_alloc(); }, .on_loop = {}};
            }};
  SliceQueue queue({kind}, {});
  Station& station = queue.add_station(outbox.add_tray());
  queue.add(range_work(1, "starved", {0, 1}));
  const std::shared_ptr<ActiveJob> job = queue.take(station)->slice->job;
  Runner runner;
  station.run(runner);
  queue.done(station, job);
  Collector collector(outbox);
  collector.wait_for(1);
  EXPECT_EQ(collector.at(0).status, TaskStatus::resource_exhausted);
  EXPECT_EQ(queue.busy(), 0u);
}

/// A thread of a queue whose kind likes small numbers first.
class Ascending {
 public:
  Ascending() {
    const std::vector<std::uint64_t> numbers{30, 10, 50, 20, 40};
    std::vector<std::string> arguments;
    for (const std::uint64_t number : numbers) arguments.push_back(wire::encode_number(number));
    queue.add(list_work(1, "echo", arguments, 100));
  }
  static Kind kind() {
    Kind kind = echo_kind();
    const auto prepare = kind.prepare;
    kind.prepare = [prepare](const JobBrief& brief) -> Result<Prepared> {
      Result<Prepared> prepared = prepare(brief);
      prepared->ascending = true;
      return prepared;
    };
    return kind;
  }
  /// One task; false where there is none.
  bool run_one() {
    const std::optional<Grain> grain = queue.take(station);
    if (!grain) return false;
    const std::shared_ptr<ActiveJob> job = grain->slice->job;
    Runner runner;
    station.run(runner);
    queue.done(station, job);
    job->grain = 1;
    return true;
  }

  Outbox outbox;
  SliceQueue queue{{kind()}, {}};
  Station& station = queue.add_station(outbox.add_tray());
};

using Order = std::vector<std::pair<std::uint64_t, std::uint64_t>>;

TEST(SliceQueue, TakesSmallNumbersFirstWhereTheKindLikesThat) {
  Ascending thread;
  while (thread.run_one()) continue;
  thread.station.rest();
  Collector collector(thread.outbox);
  collector.wait_for(5);
  EXPECT_EQ(collector.order, (Order{{1, 101}, {1, 103}, {1, 100}, {1, 104}, {1, 102}}));
  EXPECT_EQ(collector.at(104).value, wire::encode_number(40));
}

TEST(SliceQueue, GivesBackWhatIsNotBegunInThatOrder) {
  Ascending thread;
  EXPECT_TRUE(thread.run_one());
  EXPECT_TRUE(thread.run_one());
  EXPECT_EQ(thread.queue.give_back(LeaseId{1}), (Runs{{100, 1}, {102, 1}, {104, 1}}));
  EXPECT_FALSE(thread.run_one());
}

TEST(SliceQueue, KeepsTheOrderOfALongLeaseInTheLarge) {
  Outbox outbox;
  SliceQueue queue({Ascending::kind()}, {});
  Station& station = queue.add_station(outbox.add_tray());
  std::vector<std::string> falling;
  for (std::uint64_t number = 1000; number > 0; --number) falling.push_back(wire::encode_number(number));
  queue.add(list_work(1, "echo", falling));
  const std::optional<Grain> grain = queue.take(station);
  ASSERT_TRUE(grain);
  EXPECT_EQ(grain->slice->index_at(0), 255u);
  EXPECT_EQ(grain->slice->index_at(256), 511u);
  EXPECT_EQ(grain->slice->index_at(999), 768u);
  EXPECT_EQ(queue.give_back(LeaseId{1}), (Runs{{0, 255}, {256, 744}}));
}

TEST(SliceQueue, GivesBackTheRestOfAGrainToo) {
  Ascending thread;
  const std::optional<Grain> grain = thread.queue.take(thread.station);
  ASSERT_TRUE(grain);
  EXPECT_EQ(grain->slice->index_at(grain->begin), 101u);
  EXPECT_EQ(thread.queue.give_back(LeaseId{1}), (Runs{{100, 1}, {102, 3}}));
}

/// A kind whose task n takes n bytes.
Kind hungry_kind() {
  Kind kind = noop_kind();
  kind.name = "hungry";
  const auto prepare = kind.prepare;
  kind.prepare = [prepare](const JobBrief& brief) -> Result<Prepared> {
    Result<Prepared> prepared = prepare(brief);
    prepared->memory_of = [](std::uint64_t n) { return n; };
    return prepared;
  };
  return kind;
}

/// Threads of a queue, by hand.
class Hungry {
 public:
  explicit Hungry(MemoryBudget& budget) : queue({hungry_kind(), noop_kind()}, {.threads = 3, .memory = &budget}) {
    for (int i = 0; i < 3; ++i) stations.push_back(&queue.add_station(outbox.add_tray()));
  }
  /// The numbers of the tasks that the thread takes, or nothing.
  std::vector<std::uint64_t> take(std::size_t thread) {
    const std::optional<Grain> grain = queue.take(*stations[thread]);
    std::vector<std::uint64_t> numbers;
    if (!grain) return numbers;
    jobs[thread] = grain->slice->job;
    std::array<char, 8> bytes{};
    for (std::uint64_t place = grain->begin; place < grain->end; ++place)
      numbers.push_back(*number_of(grain->slice->argument(grain->slice->index_at(place), bytes)));
    return numbers;
  }
  void finish(std::size_t thread) {
    Runner runner;
    stations[thread]->run(runner);
    queue.done(*stations[thread], jobs[thread]);
  }
  /// Each a lease of one task, so that no grain joins them.
  void add(std::uint64_t lease, std::uint64_t number) {
    queue.add(list_work(lease, "hungry", {wire::encode_number(number)}));
  }

  Outbox outbox;
  SliceQueue queue;
  std::vector<Station*> stations;
  std::map<std::size_t, std::shared_ptr<ActiveJob>> jobs;
};

using Numbers = std::vector<std::uint64_t>;

TEST(SliceQueue, StartsTasksWhileThereIsMemoryForThem) {
  MemoryBudget budget(100);
  Hungry threads(budget);
  for (const std::uint64_t number : Numbers{60, 40, 1, 70}) threads.add(number, number);
  EXPECT_EQ(threads.take(0), Numbers{60});
  EXPECT_EQ(threads.take(1), Numbers{40});
  EXPECT_EQ(threads.take(2), Numbers{});  // all 100 are taken
  threads.finish(1);
  EXPECT_EQ(threads.take(1), Numbers{1});
  EXPECT_EQ(threads.take(2), Numbers{});
  threads.finish(0);
  EXPECT_EQ(threads.take(2), Numbers{70});
  threads.finish(1);
  threads.finish(2);
  EXPECT_EQ(threads.queue.busy(), 0u);
}

TEST(SliceQueue, LetsNoTaskPassOneThatWaitsForMemoryUnlessItNeedsNone) {
  MemoryBudget budget(100);
  Hungry threads(budget);
  threads.add(1, 60);
  threads.add(2, 50);
  threads.add(3, 1);
  EXPECT_EQ(threads.take(0), Numbers{60});
  EXPECT_EQ(threads.take(1), Numbers{});
  Work noop = range_work(4, "noop", {0, 1}, 7, 8);
  threads.queue.add(std::move(noop));
  EXPECT_EQ(threads.take(1), Numbers{7});
  EXPECT_EQ(threads.take(2), Numbers{});
  threads.finish(0);
  EXPECT_EQ(threads.take(0), Numbers{50});
  EXPECT_EQ(threads.take(2), Numbers{1});
}

TEST(SliceQueue, StartsWhatIsOverItsMemoryForItsKindToRefuse) {
  MemoryBudget budget(100);
  Hungry threads(budget);
  threads.add(1, 100);
  threads.add(2, 101);
  EXPECT_EQ(threads.take(0), Numbers{100});
  EXPECT_EQ(threads.take(1), Numbers{101});
}

TEST(SliceQueue, TakesOneTaskWhereThereIsNoMemoryForAGrain) {
  MemoryBudget budget(100);
  Hungry threads(budget);
  threads.queue.add(list_work(1, "hungry", {wire::encode_number(1)}));
  EXPECT_EQ(threads.take(0), Numbers{1});
  threads.jobs[0]->grain = 4;
  threads.queue.add(list_work(2, "hungry", {wire::encode_number(2), wire::encode_number(200), wire::encode_number(3)}));
  EXPECT_EQ(threads.take(1), Numbers{2});
}

TEST(SliceQueue, SharesItsMemoryWithAnother) {
  MemoryBudget budget(100);
  Hungry threads(budget), others(budget);
  int told = 0;
  budget.on_room(&told, [&] { ++told; });
  threads.add(1, 60);
  others.add(2, 50);
  EXPECT_EQ(threads.take(0), Numbers{60});
  EXPECT_EQ(others.take(0), Numbers{});
  threads.finish(0);
  EXPECT_EQ(told, 1);
  EXPECT_EQ(others.take(0), Numbers{50});
  others.finish(0);
  EXPECT_EQ(told, 1);  // nobody waited
}

TEST(SliceQueue, WakesAThreadThatWaitsForTheMemoryOfAnother) {
  MemoryBudget budget(100);
  Hungry threads(budget), others(budget);
  threads.add(1, 60);
  others.add(2, 50);
  EXPECT_EQ(threads.take(0), Numbers{60});
  std::thread waiting([&] { EXPECT_TRUE(others.queue.wait(*others.stations[0])); });
  threads.finish(0);
  waiting.join();
}

}  // namespace
}  // namespace brigade::worker
