#include "worker/kinds/team.h"

#include <gtest/gtest.h>
#include <sys/resource.h>
#include <unistd.h>

#include <atomic>
#include <barrier>
#include <cstdlib>
#include <fstream>
#include <new>
#include <set>
#include <thread>
#include <vector>

#include "tests/support/executors.h"
#include "worker/exec/thread_pool.h"

namespace brigade::worker {
namespace {

/// How many cores are spare at the moment.
int spare_now(SpareCores* spare) {
  int taken = 0;
  while (spare && spare->try_take()) ++taken;
  for (int i = 0; i < taken; ++i) spare->give_back();
  return taken;
}

TEST(Team, DoesEachPieceOnce) {
  SpareCores spare(3);
  std::vector<std::atomic<int>> done(1000);
  Team(&spare).each(done.size(), [&](std::size_t i) { ++done[i]; });
  for (const auto& each : done) EXPECT_EQ(each, 1);
  EXPECT_EQ(spare_now(&spare), 3);
}

TEST(Team, WorksAloneWithoutSpareCores) {
  SpareCores none(0);
  std::set<std::thread::id> threads;
  Team(&none).each(10, [&](std::size_t) { threads.insert(std::this_thread::get_id()); });
  Team().each(10, [&](std::size_t) { threads.insert(std::this_thread::get_id()); });
  EXPECT_EQ(threads, std::set{std::this_thread::get_id()});
}

TEST(Team, BeginsNothingMoreOnceItIsStopped) {
  int done = 0;
  const Team team = Team().until([&done] { return done == 3; });
  team.each(10, [&](std::size_t) { ++done; });
  EXPECT_EQ(done, 3);
  EXPECT_TRUE(team.stopped());
  EXPECT_FALSE(Team().stopped());
}

TEST(Team, HasTwoThreadsWhereACoreIsSpare) {
  SpareCores spare(1);
  std::barrier both(2);  // passed only when two pieces run at once
  Team(&spare).each(2, [&](std::size_t) { both.arrive_and_wait(); });
  EXPECT_EQ(spare_now(&spare), 1);
}

TEST(Team, PassesOnThatAHelperFoundNoMemory) {
  SpareCores spare(1);
  std::barrier both(2);
  const auto work = [&](std::size_t i) {
    both.arrive_and_wait();
    if (i == 1) throw std::bad_alloc();
  };
  EXPECT_THROW(Team(&spare).each(2, work), std::bad_alloc);
  EXPECT_EQ(spare_now(&spare), 1);
}

TEST(Team, WorksAloneWhereTheSystemGivesNoThread) {
  if (*BRIGADE_SANITIZERS) GTEST_SKIP() << "sanitizers need all of the address space";
  GTEST_FLAG_SET(death_test_style, "threadsafe");
  const auto work_without_threads = [] {
    std::size_t pages = 0;
    std::ifstream("/proc/self/statm") >> pages;
    const rlim_t room = pages * static_cast<rlim_t>(sysconf(_SC_PAGESIZE)) + (1u << 20);  // no thread's stack fits
    const rlimit limit{room, room};
    setrlimit(RLIMIT_AS, &limit);
    SpareCores spare(1);
    int done = 0;
    Team(&spare).each(2, [&](std::size_t) { ++done; });
    std::_Exit(done == 2 && spare_now(&spare) == 1 ? 0 : 1);
  };
  EXPECT_EXIT(work_without_threads(), testing::ExitedWithCode(0), "");
}

TEST(SpareCores, AreThoseOfThePoolThatRunNothing) {
  std::vector<int> seen(3, -1);
  std::barrier both(2);
  const auto look = [&](TaskFeed& feed) {
    const std::uint64_t task = feed.task().index;
    if (task > 0) both.arrive_and_wait();  // two tasks run now, and nobody leaves before both have looked
    seen[task] = spare_now(feed.spare());
    if (task > 0) both.arrive_and_wait();
    return Ending{};
  };
  Outbox outbox;
  ThreadPool pool({test::kind_of("look", look)}, outbox, {.threads = 2});
  test::Collector collector(outbox);
  pool.start(test::range_work(1, "look", {0, 1}));
  collector.wait_for(1);
  pool.start(test::range_work(2, "look", {1, 2}));
  collector.wait_for(3);
  EXPECT_EQ(seen, (std::vector<int>{1, 0, 0}));
}

TEST(SpareCores, AreNotForTasksThatMayNotUseAllThreads) {
  bool alone = false;
  const auto look = [&](TaskFeed& feed) {
    alone = feed.spare() == nullptr;
    return Ending{};
  };
  Outbox outbox;
  ThreadPool pool({test::kind_of("look", look)}, outbox, {.threads = 3});
  test::Collector collector(outbox);
  Work work = test::range_work(1, "look", {0, 1});
  work.per_worker = 2;
  pool.start(std::move(work));
  collector.wait_for(1);
  EXPECT_TRUE(alone);
}

}  // namespace
}  // namespace brigade::worker
