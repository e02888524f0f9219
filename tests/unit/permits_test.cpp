// The permits of one job, by events.
#include "broker/core/permits.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>

namespace brigade::broker {
namespace {

using namespace std::chrono_literals;
using Granted = std::vector<Permits::Granted>;

constexpr PeerId kOne{1}, kTwo{2}, kThree{3};
constexpr TargetId kHost{10}, kOther{20};
constexpr Instant kStart{1h};

Want want(std::uint32_t count, TargetId target = kHost) {
  return {.target = target, .name = target == kHost ? "host" : "other", .count = count};
}
Release back(std::uint32_t permits, std::uint32_t unwanted = 0, TargetId target = kHost) {
  return {.target = target, .permits = permits, .unwanted = unwanted};
}

/// Asks, and checks what must always hold.
Granted grant(Permits& permits, Instant now) {
  Granted granted = permits.grant(now);
  permits.check_invariants();
  return granted;
}

// 10 ms in a second are what a permit may be used late: so much wider are the instants apart.
TEST(Permits, AreSpacedAndGivenInTurnsAndNotLongAhead) {
  Permits permits({.spacing = 10ms}, kStart);
  permits.want(kOne, want(8), kStart);
  permits.want(kTwo, want(1), kStart);
  const Duration spacing = 10ms + 100us;
  EXPECT_EQ(grant(permits, kStart), (Granted{{kOne, kHost, 2, kStart, spacing},
                                             {kTwo, kHost, 1, kStart + 2 * spacing, spacing},
                                             {kOne, kHost, 2, kStart + 3 * spacing, spacing}}));
  EXPECT_EQ(permits.next_look(), kStart + 25ms);
  EXPECT_EQ(grant(permits, kStart + 400us), Granted{});
  EXPECT_EQ(grant(permits, kStart + 25ms), (Granted{{kOne, kHost, 3, kStart + 5 * spacing, spacing}}));
  EXPECT_EQ(permits.of_worker(kOne).wanted, 1u);
}

TEST(Permits, DoNotGatherWhileNobodyWants) {
  Permits permits({.spacing = 10ms}, kStart);
  permits.want(kOne, want(1), kStart);
  EXPECT_EQ(grant(permits, kStart).size(), 1u);
  permits.want(kOne, want(9), kStart + 1s);
  std::uint32_t count = 0;
  for (const Permits::Granted& granted : grant(permits, kStart + 1s)) count += granted.count;
  EXPECT_EQ(count, 5u);  // what the lead of 50 ms holds
}

TEST(Permits, ComeInBatchesAtAHighRate) {
  Permits permits({.spacing = 100us}, kStart);
  permits.want(kOne, want(1000), kStart);
  EXPECT_EQ(grant(permits, kStart), (Granted{{kOne, kHost, 496, kStart, 101us}}));
  EXPECT_EQ(permits.next_look(), kStart + 25ms);
}

TEST(Permits, AreGivenForTheRequestsThatATargetBears) {
  Permits permits({.per_target = 2}, kStart);
  permits.want(kOne, want(3), kStart);
  permits.want(kTwo, want(3), kStart);
  permits.want(kTwo, want(1, kOther), kStart);
  EXPECT_EQ(grant(permits, kStart),
            (Granted{{kOne, kHost, 1, kStart, 0ns}, {kTwo, kOther, 1, kStart, 0ns}, {kTwo, kHost, 1, kStart, 0ns}}));
  EXPECT_EQ(permits.next_look(), kNever);
  permits.release(kOne, back(1), kStart + 5ms);
  EXPECT_EQ(grant(permits, kStart + 5ms), (Granted{{kOne, kHost, 1, kStart + 5ms, 0ns}}));
  permits.release(kTwo, back(9), kStart + 6ms);  // more than it has
  EXPECT_EQ(permits.in_use(kHost), 1u);
  EXPECT_EQ(grant(permits, kStart + 6ms), (Granted{{kTwo, kHost, 1, kStart + 6ms, 0ns}}));
}

TEST(Permits, OfALostWorkerReturn) {
  Permits permits({.per_target = 1}, kStart);
  permits.want(kOne, want(2), kStart);
  EXPECT_EQ(grant(permits, kStart).size(), 1u);
  permits.want(kTwo, want(1), kStart);
  permits.forget(kOne, kStart + 1ms);
  EXPECT_EQ(permits.wanted(), 1u);
  EXPECT_EQ(grant(permits, kStart + 1ms), (Granted{{kTwo, kHost, 1, kStart + 1ms, 0ns}}));
}

TEST(Permits, ThatAWorkerBringsAlongCount) {
  Permits permits({.per_target = 2}, kStart);
  Want brought = want(5);
  brought.in_use = 2;
  permits.want(kOne, brought, kStart);
  EXPECT_EQ(grant(permits, kStart), Granted{});
  permits.release(kOne, back(1), kStart);
  EXPECT_EQ(grant(permits, kStart).size(), 1u);
}

TEST(Permits, AreKnownByWorkerOverAllTargets) {
  Permits permits({.per_target = 2}, kStart);
  Want brought = want(1);
  brought.in_use = 3;
  permits.want(kOne, brought, kStart);
  permits.want(kOne, want(4, kOther), kStart);
  (void)grant(permits, kStart);
  EXPECT_EQ(permits.of_worker(kOne), (Permits::Sums{.wanted = 3, .in_use = 5}));
  permits.forget(kOne, kStart);
  permits.check_invariants();
  EXPECT_EQ(permits.of_worker(kOne), Permits::Sums{});
}

TEST(Permits, AreNotGivenForWhatIsUnwanted) {
  Permits permits({.spacing = 1s}, kStart);
  permits.want(kOne, want(2), kStart);
  EXPECT_EQ(grant(permits, kStart).size(), 1u);
  permits.release(kOne, back(0, 5), kStart);
  EXPECT_EQ(permits.wanted(), 0u);
  EXPECT_EQ(grant(permits, kStart + 10s), Granted{});
  EXPECT_EQ(permits.next_look(), kNever);
}

TEST(Permits, WaitForATargetThatAsksForAPauseButNotForOthers) {
  Permits permits({.spacing = 1ms}, kStart);
  permits.hold({.target = kHost, .name = "host", .wait = 1s}, kStart);
  permits.want(kOne, want(1), kStart + 1ms);
  permits.want(kTwo, want(1, kOther), kStart + 1ms);
  EXPECT_EQ(grant(permits, kStart + 1ms), (Granted{{kTwo, kOther, 1, kStart + 1ms, 1010us}}));
  EXPECT_EQ(permits.next_look(), kStart + 1s);
  const auto blocked = permits.blocked(kStart + 400ms, 5);
  ASSERT_EQ(blocked.size(), 1u);
  EXPECT_EQ(blocked[0].name, "host");
  EXPECT_TRUE(blocked[0].held && !blocked[0].full && blocked[0].until == kStart + 1s);
  permits.hold({.target = kHost, .name = "host", .wait = 100ms}, kStart + 500ms);  // a shorter one changes nothing
  EXPECT_EQ(grant(permits, kStart + 999ms), Granted{});
  EXPECT_EQ(grant(permits, kStart + 1s), (Granted{{kOne, kHost, 1, kStart + 1s, 1010us}}));
}

TEST(Permits, KeepTheRateOfEachTarget) {
  Permits permits({.target_spacing = 100ms}, kStart);
  permits.want(kOne, want(2), kStart);
  permits.want(kOne, want(1, kOther), kStart);
  EXPECT_EQ(grant(permits, kStart), (Granted{{kOne, kHost, 1, kStart, 0ns}, {kOne, kOther, 1, kStart, 0ns}}));
  EXPECT_EQ(permits.next_look(), kStart + 101ms);
  EXPECT_EQ(grant(permits, kStart + 101ms), (Granted{{kOne, kHost, 1, kStart + 101ms, 0ns}}));
}

TEST(Permits, RememberABoundedNumberOfTargetsToLeaveAlone) {
  Permits permits({.spacing = 1ms}, kStart);
  for (std::uint64_t id = 1; id <= Permits::kRestingMax + 10; ++id)
    permits.hold({.target = TargetId{id}, .name = {}, .wait = 1h}, kStart);
  permits.check_invariants();
  permits.want(kOne, want(1, TargetId{5}), kStart);
  EXPECT_EQ(grant(permits, kStart), Granted{});
  permits.want(kOne, want(1, TargetId{Permits::kRestingMax + 5}), kStart);
  EXPECT_EQ(grant(permits, kStart).size(), 1u);
  EXPECT_EQ(grant(permits, kStart + 2h).size(), 1u);
  EXPECT_EQ(permits.next_look(), kNever);  // nothing is left
}

/// Workers that come, go, ask, are slow and lose interest, for some simulated seconds.
class Crowd {
 public:
  Crowd(std::uint64_t seed, const Limits& limits) : random_(seed), permits_(limits, kStart) {}

  void run(int steps) {
    for (int step = 0; step < steps; ++step) {
      act();
      for (const Permits::Granted& granted : grant(permits_, now_)) use(granted);
      if (below(4) != 0) continue;
      const Instant next = permits_.next_look();
      now_ = next == kNever || below(2) == 0 ? now_ + std::chrono::microseconds(below(30'000)) : std::max(now_, next);
    }
  }

  /// The most requests in a window of a second.
  std::size_t most_in_a_second() {
    std::ranges::sort(used_);
    std::size_t first = 0, most = 0;
    for (std::size_t last = 0; last < used_.size(); ++last) {
      while (used_[last] - used_[first] >= 1s) ++first;
      most = std::max(most, last - first + 1);
    }
    return most;
  }
  std::size_t used() const { return used_.size(); }
  std::uint64_t most_at_once() const { return most_at_once_; }

 private:
  void act() {
    const PeerId worker{1 + below(4)};
    const TargetId target{1 + below(3)};
    switch (below(10)) {
      case 0:
        permits_.forget(worker, now_);
        break;
      case 1:
        permits_.hold({.target = target, .name = "t", .wait = std::chrono::milliseconds(below(300))}, now_);
        break;
      case 2:
      case 3:
      case 4:
        permits_.release(worker,
                         {.target = target,
                          .permits = static_cast<std::uint32_t>(below(4)),
                          .unwanted = static_cast<std::uint32_t>(below(3))},
                         now_);
        break;
      default:
        permits_.want(worker, {.target = target, .name = "t", .count = static_cast<std::uint32_t>(below(40))}, now_);
    }
    permits_.check_invariants();
  }

  // Each at its instant or as late as it is good for; some not at all.
  void use(const Permits::Granted& granted) {
    EXPECT_GE(granted.first, now_);
    for (std::uint32_t i = 0; i < granted.count; ++i)
      if (below(8) != 0)
        used_.push_back(granted.first + granted.spacing * static_cast<std::int64_t>(i) +
                        (below(2) == 0 ? Duration{} : kPermitLasts));
    for (std::uint64_t target = 1; target <= 3; ++target)
      most_at_once_ = std::max(most_at_once_, permits_.in_use(TargetId{target}));
  }

  std::uint64_t below(std::uint64_t end) { return std::uniform_int_distribution<std::uint64_t>(0, end - 1)(random_); }

  std::mt19937_64 random_;
  Permits permits_;
  Instant now_ = kStart;
  std::vector<Instant> used_;
  std::uint64_t most_at_once_ = 0;
};

TEST(Permits, NeverLetMoreThanTheRateAndOneIntoAnySecondWhateverWorkersDo) {
  for (const std::uint64_t rate : {1, 7, 50, 1000, 10'000}) {
    const Limits limits{.spacing = Duration((1'000'000'000 + rate - 1) / rate)};
    for (std::uint64_t seed = 1; seed <= 20; ++seed) {
      Crowd crowd(seed, limits);
      crowd.run(3000);
      EXPECT_LE(crowd.most_in_a_second(), rate + 1) << "rate " << rate << ", seed " << seed;
      EXPECT_GT(crowd.used(), 3u);
    }
  }
}

TEST(Permits, NeverLetMoreIntoATargetThanItBearsWhateverWorkersDo) {
  for (std::uint64_t seed = 1; seed <= 50; ++seed) {
    Crowd crowd(seed, {.spacing = seed % 2 == 0 ? 1ms : 0ms, .per_target = 3});
    crowd.run(1000);
    EXPECT_EQ(crowd.most_at_once(), 3u);
  }
}

}  // namespace
}  // namespace brigade::broker
