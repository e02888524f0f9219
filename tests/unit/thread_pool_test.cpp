#include "worker/exec/thread_pool.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <semaphore>

#include "proto/wire/kinds.h"
#include "tests/support/executors.h"
#include "worker/kinds/simple.h"

namespace brigade::worker {
namespace {

using namespace std::chrono_literals;
using test::Collector;
using test::kind_of;
using test::list_work;
using test::range_work;

std::uint64_t number(TaskFeed& feed) {
  return number_of(feed.argument()).value_or(0);
}

/// A kind whose tasks say that they have started and wait until they are let go.
struct Gate {
  std::counting_semaphore<> started{0};
  std::counting_semaphore<> let_go{0};
  std::atomic<int> inside = 0;
  std::atomic<int> most_inside = 0;
  std::mutex mutex;
  std::vector<std::uint64_t> ran;

  Kind kind(std::string name = "gate") {
    return kind_of(std::move(name), [this](TaskFeed& feed) {
      const int now = ++inside;
      int most = most_inside;
      while (now > most && !most_inside.compare_exchange_weak(most, now)) {
      }
      {
        const std::lock_guard lock(mutex);
        ran.push_back(feed.task().index);
      }
      started.release();
      let_go.acquire();
      --inside;
      return Ending{};
    });
  }
};

TEST(ThreadPool, AnswersEveryTaskOfARangeOnce) {
  Outbox outbox;
  ThreadPool pool({noop_kind()}, outbox, {.threads = 2});
  pool.start(range_work(1, "noop", {100, 60'000}, 5));
  pool.start(range_work(2, "noop", {0, 100}, 5));
  Collector collector(outbox);
  collector.wait_for(60'100);
  EXPECT_EQ(collector.duplicates, 0u);
  EXPECT_EQ(collector.by_task.size(), 60'100u);
  for (const auto& [key, row] : collector.by_task) {
    ASSERT_EQ(row.status, TaskStatus::ok);
    ASSERT_EQ(number_of(row.value), key.second + 5);
    ASSERT_EQ(row.retry_after_ms, kFinal);
    ASSERT_GE(row.start_ms, 0);
  }
}

TEST(ThreadPool, FindsArgumentsOfUnequalSizes) {
  Outbox outbox;
  ThreadPool pool({echo_kind()}, outbox, {.threads = 2});
  std::vector<std::string> arguments;
  for (std::size_t i = 0; i < 500; ++i) arguments.push_back(std::string(i % 7, static_cast<char>('a' + i % 26)));
  pool.start(list_work(1, "echo", arguments, 40));
  Collector collector(outbox);
  collector.wait_for(500);
  for (std::size_t i = 0; i < 500; ++i) ASSERT_EQ(collector.at(40 + i).value, arguments[i]);
}

TEST(ThreadPool, MergesRunsAndEqualColumns) {
  Outbox outbox;
  ThreadPool pool({noop_kind()}, outbox, {.threads = 1});
  pool.start(range_work(3, "noop", {10, 1000}));
  Collector collector(outbox);
  collector.wait_for(1000);
  for (const Finished& block : collector.blocks) {
    EXPECT_EQ(block.outcomes.runs.size(), 1u);
    EXPECT_TRUE(block.outcomes.status.is_constant());
    EXPECT_TRUE(block.outcomes.retry_after_ms.is_constant());
    EXPECT_TRUE(block.outcomes.values.sizes.is_constant());
    EXPECT_EQ(block.lease, LeaseId{3});
    EXPECT_GT(block.leased_at.value, 0);
  }
}

TEST(ThreadPool, StartsSlicesInTheirOrder) {
  Gate gate;
  Outbox outbox;
  ThreadPool pool({gate.kind()}, outbox, {.threads = 1});
  pool.start(range_work(1, "gate", {0, 3}));
  pool.start(range_work(2, "gate", {10, 2}, 0, 8));
  pool.start(range_work(3, "gate", {20, 2}));
  gate.let_go.release(7);
  Collector collector(outbox);
  collector.wait_for(7);
  EXPECT_EQ(gate.ran, (std::vector<std::uint64_t>{0, 1, 2, 10, 11, 20, 21}));
}

TEST(ThreadPool, RunsNoMoreOfAJobAtOnceThanItsCeiling) {
  Gate gate;
  Gate other;
  Outbox outbox;
  ThreadPool pool({gate.kind(), other.kind("other")}, outbox, {.threads = 4});
  Work work = range_work(1, "gate", {0, 50});
  work.per_worker = 2;
  pool.start(std::move(work));
  pool.start(range_work(2, "other", {0, 2}, 0, 8));
  for (int i = 0; i < 2; ++i) gate.started.acquire();
  for (int i = 0; i < 2; ++i) other.started.acquire();  // the other threads go on to the next slice
  EXPECT_EQ(pool.busy(), 4u);
  other.let_go.release(2);
  gate.let_go.release(50);
  Collector collector(outbox);
  collector.wait_for(52);
  EXPECT_EQ(gate.most_inside, 2);
}

TEST(ThreadPool, UsesAllThreadsForOneSlice) {
  Gate gate;
  Outbox outbox;
  ThreadPool pool({gate.kind()}, outbox, {.threads = 3});
  pool.start(range_work(1, "gate", {0, 3}));
  for (int i = 0; i < 3; ++i) gate.started.acquire();
  gate.let_go.release(3);
  Collector collector(outbox);
  collector.wait_for(3);
  EXPECT_EQ(gate.most_inside, 3);
}

TEST(ThreadPool, GivesBackExactlyWhatItNeverRuns) {
  Gate gate;
  Outbox outbox;
  ThreadPool pool({gate.kind()}, outbox, {.threads = 2});
  pool.start(range_work(1, "gate", {0, 100}));
  pool.start(range_work(2, "gate", {200, 10}));
  gate.let_go.release(30);
  for (int i = 0; i < 32; ++i) gate.started.acquire();  // two are inside now
  const Runs returned = pool.give_back(LeaseId{1});
  EXPECT_EQ(pool.give_back(LeaseId{1}), Runs{});
  EXPECT_EQ(pool.give_back(LeaseId{99}), Runs{});
  gate.let_go.release(100);
  Collector collector(outbox);
  collector.wait_for(110 - count_of(returned));
  EXPECT_EQ(count_of(returned), 68u);
  RunSet seen;
  for (const auto& [key, row] : collector.by_task) seen.insert({key.second, 1});
  for (const auto& run : returned) EXPECT_TRUE(seen.within(run).empty());
  EXPECT_EQ(seen.count() + count_of(returned), 110u);
}

TEST(ThreadPool, GivesBackWhatWaitsBehindASlowTaskInItsGrain) {
  Gate gate;
  Outbox outbox;
  const Kind kind = kind_of("mixed", [&](TaskFeed& feed) {
    if (number(feed) == 20'000) {
      gate.started.release();
      gate.let_go.acquire();
    }
    return Ending{};
  });
  ThreadPool pool({kind}, outbox, {.threads = 1});
  pool.start(range_work(1, "mixed", {0, 60'000}));
  gate.started.acquire();
  const Runs returned = pool.give_back(LeaseId{1});
  Collector collector(outbox);
  collector.wait_for(20'000);  // results of fast tasks do not wait for the slow one
  gate.let_go.release();
  collector.wait_for(20'001);
  RunSet all;
  for (const auto& run : returned) all.insert(run);
  EXPECT_EQ(all.runs(), (Runs{{20'001, 39'999}}));
}

TEST(ThreadPool, IdleThreadsTakeWhatWaitsBehindASlowTask) {
  Gate gate;
  Outbox outbox;
  const Kind kind = kind_of("mixed", [&](TaskFeed& feed) {
    if (number(feed) == 20'000) {
      gate.started.release();
      gate.let_go.acquire();
    }
    return Ending{};
  });
  ThreadPool pool({kind}, outbox, {.threads = 2});
  pool.start(range_work(1, "mixed", {0, 60'000}));
  gate.started.acquire();
  Collector collector(outbox);
  collector.wait_for(59'999);
  EXPECT_EQ(collector.duplicates, 0u);
  gate.let_go.release();
  collector.wait_for(60'000);
  EXPECT_EQ(collector.duplicates, 0u);
}

TEST(ThreadPool, DropsAnAbortedJobAndStopsWhatCanStop) {
  Outbox outbox;
  std::counting_semaphore<> started{0};
  const Kind kind = kind_of("stoppable", [&](TaskFeed& feed) {
    std::binary_semaphore stopped{0};
    const std::stop_callback on_stop(feed.stop(), [&] { stopped.release(); });
    started.release();
    stopped.acquire();
    return Ending{};
  });
  ThreadPool pool({kind, noop_kind()}, outbox, {.threads = 2});
  pool.start(range_work(1, "stoppable", {0, 100}));
  for (int i = 0; i < 2; ++i) started.acquire();
  pool.abort(JobId{7, 7});
  pool.start(range_work(2, "noop", {0, 10}, 0, 8));
  Collector collector(outbox);
  collector.wait_for(10);
  EXPECT_FALSE(started.try_acquire());
  for (const auto& [key, row] : collector.by_task) EXPECT_EQ(key.first, 2u);
}

TEST(ThreadPool, ReportsATaskPastItsLimitThatCannotBeInterrupted) {
  Gate gate;
  Outbox outbox;
  ThreadPool pool({gate.kind()}, outbox, {.threads = 1});
  Work work = range_work(1, "gate", {0, 2});
  work.lease.brief.task_timeout = 1ms;
  work.lease.last_attempt = false;
  pool.start(std::move(work));
  gate.started.acquire();
  Collector collector(outbox);
  collector.wait_for(1);
  EXPECT_EQ(collector.at(0).status, TaskStatus::timeout);
  EXPECT_EQ(collector.at(0).retry_after_ms, 0u);
  EXPECT_EQ(collector.at(0).value, "not finished within 1 ms");
  EXPECT_EQ(pool.busy(), 1u);  // its thread still computes
  gate.let_go.release();
  gate.started.acquire();
  collector.wait_for(2);  // the second task is late too; the late answer of the first was dropped
  gate.let_go.release();
  EXPECT_EQ(collector.duplicates, 0u);
  EXPECT_EQ(collector.at(1).status, TaskStatus::timeout);
}

TEST(ThreadPool, HoldsTheWorkersOwnTimeLimit) {
  Gate gate;
  Outbox outbox;
  ThreadPool pool({gate.kind()}, outbox, {.threads = 1, .time_limit = 1ms});
  Work work = range_work(1, "gate", {0, 1});
  work.lease.brief.task_timeout = 1h;
  pool.start(std::move(work));
  Collector collector(outbox);
  collector.wait_for(1);
  EXPECT_EQ(collector.at(0).status, TaskStatus::timeout);
  EXPECT_EQ(collector.at(0).retry_after_ms, kFinal);  // of a last attempt nothing is retryable
  gate.let_go.release();
}

TEST(ThreadPool, FailsEachTaskOfAnUnknownKindOrBadOptions) {
  Outbox outbox;
  Kind picky = noop_kind();
  picky.name = "picky";
  picky.prepare = [](const JobBrief&) -> Result<Prepared> { return Error{ErrorCode::invalid, "no such option"}; };
  ThreadPool pool({picky}, outbox, {.threads = 2});
  pool.start(range_work(1, "picky", {0, 3}));
  pool.start(range_work(2, "nothing", {0, 3}, 0, 8));
  Collector collector(outbox);
  collector.wait_for(6);
  EXPECT_EQ(collector.at(2, 1).status, TaskStatus::invalid_argument);
  EXPECT_EQ(collector.at(2, 1).value, "no such option");
  EXPECT_EQ(collector.at(2, 2).status, TaskStatus::unsupported_kind);
  EXPECT_EQ(collector.at(2, 2).value, "this worker does not offer the kind nothing");
}

TEST(ThreadPool, AnswersForAKindThatStopsEarly) {
  Outbox outbox;
  Kind lazy = noop_kind();
  lazy.name = "lazy";
  lazy.prepare = [](const JobBrief&) -> Result<Prepared> {
    return Prepared{.on_thread = [] { return Runner([](TaskFeed&) {}); }, .on_loop = {}};
  };
  ThreadPool pool({lazy}, outbox, {.threads = 1});
  pool.start(range_work(1, "lazy", {0, 3}));
  Collector collector(outbox);
  collector.wait_for(3);
  EXPECT_EQ(collector.at(0).status, TaskStatus::internal);
}

}  // namespace
}  // namespace brigade::worker
