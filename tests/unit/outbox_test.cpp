// Results on their way from the threads to the loop.
#include <gtest/gtest.h>

#include <string>

#include "tests/support/executors.h"
#include "worker/exec/outbox.h"

namespace brigade::worker {
namespace {

using namespace std::chrono_literals;

TEST(Outbox, KeepsBlocksWithinAMessage) {
  Outbox outbox;
  Tray& tray = outbox.add_tray();
  const Tray::Origin origin{.lease = LeaseId{1}, .job = JobId{1, 1}, .leased_at = UtcMs{5}};
  {
    const Tray::Lock lock = tray.lock();
    for (std::uint64_t i = 0; i < 70'000; ++i) tray.add(lock, origin, {.index = i}, "");
    std::string large(5u << 20, 'x');
    tray.add(lock, origin, {.index = 70'000}, large, &large);
    tray.add(lock, origin, {.index = 70'001}, "y");
  }
  const std::vector<Finished> finished = outbox.collect();
  ASSERT_EQ(finished.size(), 4u);
  EXPECT_EQ(finished[0].outcomes.count(), 65'536u);
  EXPECT_EQ(finished[1].outcomes.count(), 70'000u - 65'536u);
  EXPECT_EQ(finished[2].outcomes.values.blob.size(), 5u << 20);
  EXPECT_EQ(finished[3].outcomes.runs, (Runs{{70'001, 1}}));
  EXPECT_EQ(finished[3].leased_at, UtcMs{5});
  EXPECT_TRUE(outbox.collect().empty());
}

TEST(Outbox, WakesTheLoopOnceAndOnlyWhenItWaits) {
  Outbox outbox;
  Tray& tray = outbox.add_tray();
  const auto readable = [&] {
    pollfd waiting{.fd = outbox.fd(), .events = POLLIN, .revents = 0};
    return ::poll(&waiting, 1, 0) == 1;
  };
  const auto put = [&](std::uint64_t index) {
    {
      const Tray::Lock lock = tray.lock();
      tray.add(lock, {.lease = LeaseId{1}, .job = {}, .leased_at = {}}, {.index = index}, "v");
    }
    tray.announce();
  };
  put(0);
  EXPECT_FALSE(readable());  // nobody waits yet
  EXPECT_EQ(outbox.collect().size(), 1u);
  EXPECT_TRUE(outbox.collect().empty());
  EXPECT_FALSE(readable());
  put(1);
  put(2);
  EXPECT_TRUE(readable());
  EXPECT_EQ(outbox.collect().at(0).outcomes.count(), 2u);
  EXPECT_TRUE(outbox.collect().empty());
  EXPECT_FALSE(readable());
}

TEST(Outbox, LetsABlockOfFastTasksGrowButNotBehindASlowOne) {
  Outbox outbox;
  Tray& tray = outbox.add_tray();
  const auto readable_within = [&](int ms) {
    pollfd waiting{.fd = outbox.fd(), .events = POLLIN, .revents = 0};
    return ::poll(&waiting, 1, ms) == 1;
  };
  const auto put = [&](std::uint64_t index, bool more, Instant now) {
    {
      const Tray::Lock lock = tray.lock();
      tray.add(lock, {.lease = LeaseId{1}, .job = {}, .leased_at = {}}, {.index = index}, "v");
      tray.set_growing(lock, more, now);
    }
    tray.announce();
  };
  const Instant later = base::monotonic_now() + 1h;  // young for the whole test
  put(0, true, later);
  EXPECT_TRUE(outbox.collect().empty());
  put(1, true, later);
  put(2, false, later);  // the grain ends
  EXPECT_TRUE(readable_within(0));
  EXPECT_EQ(outbox.collect().at(0).outcomes.count(), 3u);
  EXPECT_TRUE(outbox.collect().empty());
  EXPECT_FALSE(readable_within(0));
  put(3, true, base::monotonic_now());  // and a slow task begins
  while (outbox.collect().empty()) EXPECT_TRUE(readable_within(10'000));
}

TEST(Outbox, WakesTheLoopForARestingThreadOnlyWhereSomethingWaits) {
  Outbox outbox;
  Tray& tray = outbox.add_tray();
  EXPECT_TRUE(outbox.collect().empty());
  EXPECT_FALSE(tray.stop_growing());
  {
    const Tray::Lock lock = tray.lock();
    tray.add(lock, {.lease = LeaseId{1}, .job = {}, .leased_at = {}}, {.index = 0}, "v");
    tray.set_growing(lock, true, base::monotonic_now() + 1h);  // young for the whole test
  }
  EXPECT_TRUE(outbox.collect().empty());
  EXPECT_TRUE(tray.stop_growing());
  EXPECT_FALSE(tray.stop_growing());
  EXPECT_EQ(outbox.collect().at(0).outcomes.count(), 1u);
}

TEST(Outbox, LetsABlockGrowToAQuarterOfAMebibyte) {
  Outbox outbox;
  Tray& tray = outbox.add_tray();
  const std::string value(64 * 1024, 'x');
  for (std::uint64_t index = 0; index < 4; ++index) {
    EXPECT_TRUE(outbox.collect().empty()) << index;
    const Tray::Lock lock = tray.lock();
    tray.add(lock, {.lease = LeaseId{1}, .job = {}, .leased_at = {}}, {.index = index}, value);
    tray.set_growing(lock, true, base::monotonic_now() + 1h);  // young for the whole test
  }
  EXPECT_EQ(outbox.collect().at(0).outcomes.count(), 4u);
}

}  // namespace
}  // namespace brigade::worker
