#include "worker/exec/io_loop.h"

#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <limits>
#include <mutex>
#include <semaphore>
#include <set>
#include <thread>

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

constexpr std::uint64_t kForever = std::numeric_limits<std::uint64_t>::max();

std::string number(std::uint64_t value) {
  std::string bytes;
  for (int i = 0; i < 8; ++i) bytes.push_back(static_cast<char>(value >> (8 * i) & 0xFF));
  return bytes;
}

std::vector<std::string> numbers(std::size_t count, std::uint64_t value) {
  return std::vector<std::string>(count, number(value));
}

/// Waits until `loop` runs `count` tasks. The busy count has no event, so this yields.
void wait_until_busy(const Executor& executor, std::uint32_t count) {
  while (executor.busy() != count) std::this_thread::yield();
}

TEST(IoLoop, RunsAsManyTasksAtOnceAsAllowedAndNoMore) {
  Outbox outbox;
  IoLoop loop({sleep_kind()}, outbox, {.concurrency = 20});
  loop.start(list_work(1, "sleep", numbers(50, kForever)));
  wait_until_busy(loop, 20);
  const Runs rest = loop.give_back(LeaseId{1});
  EXPECT_EQ(rest, (Runs{{20, 30}}));
  EXPECT_EQ(loop.busy(), 20u);
}

TEST(IoLoop, SharesItsConcurrencyBetweenThreads) {
  Outbox outbox;
  IoLoop loop({sleep_kind()}, outbox, {.threads = 3, .concurrency = 20});
  loop.start(list_work(1, "sleep", numbers(50, kForever)));
  wait_until_busy(loop, 20);
  EXPECT_EQ(count_of(loop.give_back(LeaseId{1})), 30u);
}

TEST(IoLoop, HoldsAJobsCeiling) {
  Outbox outbox;
  IoLoop loop({sleep_kind()}, outbox, {.concurrency = 20});
  Work work = list_work(1, "sleep", numbers(10, kForever));
  work.per_worker = 3;
  loop.start(std::move(work));
  loop.start(list_work(2, "sleep", numbers(2, 0), 0, 8));
  Collector collector(outbox);
  collector.wait_for(2);  // the other job goes past
  wait_until_busy(loop, 3);
  EXPECT_EQ(loop.give_back(LeaseId{1}), (Runs{{3, 7}}));
}

TEST(IoLoop, FinishesEveryTaskOnce) {
  Outbox outbox;
  IoLoop loop({sleep_kind(), noop_kind()}, outbox, {.threads = 2, .concurrency = 100});
  loop.start(list_work(1, "sleep", numbers(1000, 1000)));
  loop.start(range_work(2, "noop", {0, 5000}, 0, 8));  // a blocking kind runs in the loop's thread
  Collector collector(outbox);
  collector.wait_for(6000);
  EXPECT_EQ(collector.duplicates, 0u);
  EXPECT_EQ(collector.by_task.size(), 6000u);
  for (const auto& [key, row] : collector.by_task) ASSERT_EQ(row.status, TaskStatus::ok);
  EXPECT_EQ(collector.at(4999, 2).value, number(4999));
}

TEST(IoLoop, RunsBlockingKindsOneAfterAnother) {
  Outbox outbox;
  std::atomic<int> inside = 0;
  std::atomic<int> most = 0;
  const Kind kind = kind_of("counted", [&](TaskFeed&) {
    most = std::max(most.load(), ++inside);
    std::this_thread::yield();
    --inside;
    return Ending{};
  });
  IoLoop loop({kind}, outbox, {.concurrency = 100});
  loop.start(range_work(1, "counted", {0, 200}));
  Collector collector(outbox);
  collector.wait_for(200);
  EXPECT_EQ(most, 1);
}

TEST(IoLoop, ReportsASleepThatIsLongerThanItsLimit) {
  Outbox outbox;
  IoLoop loop({sleep_kind()}, outbox, {.concurrency = 10});
  Work work = list_work(1, "sleep", {number(kForever), number(0), "x"});
  work.lease.brief.task_timeout = 2ms;
  work.lease.last_attempt = false;
  loop.start(std::move(work));
  Collector collector(outbox);
  collector.wait_for(3);
  EXPECT_EQ(collector.at(0).status, TaskStatus::timeout);
  EXPECT_EQ(collector.at(0).value, "not finished within 2 ms");
  EXPECT_EQ(collector.at(0).retry_after_ms, 0u);
  EXPECT_EQ(collector.at(1).status, TaskStatus::ok);
  EXPECT_EQ(collector.at(2).status, TaskStatus::invalid_argument);
  EXPECT_EQ(collector.at(2).retry_after_ms, kFinal);
}

TEST(IoLoop, ReportsABlockingTaskPastItsLimit) {
  Outbox outbox;
  std::binary_semaphore let_go{0};
  const Kind kind = kind_of("stuck", [&](TaskFeed&) {
    let_go.acquire();
    return Ending{};
  });
  IoLoop loop({kind}, outbox, {.concurrency = 10, .time_limit = 1ms});
  loop.start(range_work(1, "stuck", {0, 1}));
  Collector collector(outbox);
  collector.wait_for(1);
  EXPECT_EQ(collector.at(0).status, TaskStatus::timeout);
  let_go.release();
  wait_until_busy(loop, 0);
  collector.collect();
  EXPECT_EQ(collector.rows, 1u);
}

TEST(IoLoop, StopsTheTasksOfAnAbortedJob) {
  Outbox outbox;
  IoLoop loop({sleep_kind()}, outbox, {.concurrency = 10});
  loop.start(list_work(1, "sleep", numbers(50, kForever)));
  wait_until_busy(loop, 10);
  loop.abort(JobId{7, 7});
  loop.start(list_work(2, "sleep", numbers(5, 0), 0, 8));
  Collector collector(outbox);
  collector.wait_for(5);
  wait_until_busy(loop, 0);
  collector.collect();
  EXPECT_EQ(collector.rows, 5u);
  for (const auto& [key, row] : collector.by_task) EXPECT_EQ(key.first, 2u);
}

TEST(IoLoop, StartsNothingWhileTooMuchIsUnacknowledged) {
  Outbox outbox;
  IoLoop loop({echo_kind()}, outbox, {.concurrency = 1, .unreleased_max = 1500});
  loop.start(list_work(1, "echo", std::vector<std::string>(200, std::string(1000, 'x'))));
  Collector collector(outbox);
  collector.wait_for(1);
  while (collector.rows < 200) {
    const std::uint64_t weight = std::exchange(collector.weight, 0);
    loop.release(weight);
    collector.wait_for(collector.rows + 1);
  }
  EXPECT_EQ(collector.duplicates, 0u);
}

TEST(Sleep, IsInterruptedOnThreadsToo) {
  // The pool's destructor waits for running tasks: this test would not end otherwise.
  Outbox outbox;
  IoLoop loop({[] {
                Kind kind = sleep_kind();
                const auto prepare = kind.prepare;
                kind.prepare = [prepare](const JobBrief& brief) {
                  Result<Prepared> prepared = prepare(brief);
                  if (prepared) prepared->on_loop = {};
                  return prepared;
                };
                return kind;
              }()},
              outbox, {});
  loop.start(list_work(1, "sleep", numbers(1, kForever)));
  wait_until_busy(loop, 1);
}

TEST(Spin, BurnsItsThreadsClock) {
  Outbox outbox;
  IoLoop loop({spin_kind()}, outbox, {});
  loop.start(list_work(1, "spin", {number(3'000'000), number(0)}));
  Collector collector(outbox);
  collector.wait_for(2);
  EXPECT_EQ(collector.at(0).status, TaskStatus::ok);
  EXPECT_GE(collector.at(0).run_ms, 2.9f);
  Work work = list_work(2, "spin", {number(kForever)}, 0, 8);
  work.lease.brief.task_timeout = 1ms;
  loop.start(std::move(work));
  collector.wait_for(3);
  EXPECT_EQ(collector.at(0, 2).status, TaskStatus::timeout);
}

}  // namespace
}  // namespace brigade::worker
