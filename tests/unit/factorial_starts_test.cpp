// Threads of a job that meet at one number.
#include "worker/kinds/factorial/starts.h"

#include <gtest/gtest.h>

#include <chrono>
#include <future>
#include <latch>
#include <stdexcept>
#include <stop_token>
#include <thread>

#include "proto/base/os.h"
#include "worker/kinds/factorial/field.h"
#include "worker/kinds/factorial/product.h"

namespace brigade::worker {
namespace {

using namespace std::chrono_literals;

bool no_more(void*, TaskFeed::Task&, TaskStatus, std::string_view, std::string*, std::uint32_t) {
  return false;
}

/// Two threads of a pool with two cores, each with a task.
class Starting : public testing::Test {
 protected:
  Starting() {
    spare_.task_began();
    spare_.task_began();
  }
  TaskFeed feed(Instant deadline = kNever) {
    return {nullptr, no_more, {.index = 0, .argument = {}, .deadline = deadline}, stop_.get_token(), &spare_};
  }
  static StartPtr start_of(std::uint64_t n) { return std::make_shared<const Start>(Start{.n = n, .limbs = {n}}); }
  /// Another thread begins to compute n!, and ends as `ending` does when told.
  void compute(std::uint64_t n, std::function<StartPtr()> ending) {
    std::promise<void> begun;
    other_ = std::async(std::launch::async, [this, n, ending, &begun] {
      return starts_.obtain(n, feed(), [&] {
        begun.set_value();
        end_.wait();
        return ending();
      });
    });
    begun.get_future().wait();
  }
  /// Once somebody waits, his core is spare.
  void end_when_somebody_waits() {
    while (!spare_.try_take()) std::this_thread::yield();
    spare_.give_back();
    end_.count_down();
  }
  /// The number that this thread's task begins with; computed by itself, it is n.
  StartPtr obtain(std::uint64_t n, Instant deadline = kNever) {
    return starts_.obtain(n, feed(deadline), [n] { return start_of(n); });
  }

  Starts starts_;
  SpareCores spare_{2};
  std::stop_source stop_;
  std::latch end_{1};
  std::future<StartPtr> other_;
};

TEST_F(Starting, NeighboursTakeWhatIsThere) {
  const StartPtr first = obtain(60'000), below = obtain(55'000);
  EXPECT_EQ(first->n, 60'000u);
  EXPECT_EQ(below->n, 55'000u);
  EXPECT_EQ(obtain(60'000), first);
  EXPECT_EQ(obtain(60'000 + kStepsUp), first);
  EXPECT_EQ(obtain(60'000 - kStepsDown), first);
  EXPECT_EQ(obtain(55'010), below);
  EXPECT_EQ(obtain(80'000)->n, 80'000u);
}

TEST_F(Starting, NeighboursLeapWhereTheProcessorCan) {
  const StartPtr first = obtain(60'000), below = obtain(55'000);
  const std::uint64_t above = 60'000 + kStepsUp + 1;
  EXPECT_EQ(obtain(above)->n, kernels_available() ? 60'000 : above);  // not from the one further below
}

TEST_F(Starting, NothingIsThereOnceNobodyHoldsIt) {
  obtain(50'000).reset();
  const StartPtr next = obtain(50'001);
  EXPECT_EQ(next->n, 50'001u);
}

TEST_F(Starting, ANeighbourWaitsForWhatIsComingAndLendsItsCore) {
  compute(50'000, [] { return start_of(50'000); });
  std::jthread ending([this] { end_when_somebody_waits(); });
  EXPECT_EQ(obtain(50'010)->n, 50'000u);
  EXPECT_FALSE(spare_.try_take());  // it has its core back
}

TEST_F(Starting, NobodyWaitsForANumberFarAway) {
  compute(50'000, [] { return start_of(50'000); });
  EXPECT_EQ(obtain(90'000)->n, 90'000u);
  end_.count_down();
}

TEST_F(Starting, WhatIsGivenUpIsComputedByWhoWaits) {
  compute(50'000, [] { return StartPtr(); });
  std::jthread ending([this] { end_when_somebody_waits(); });
  EXPECT_EQ(obtain(50'010)->n, 50'010u);
  EXPECT_EQ(other_.get(), nullptr);
}

TEST_F(Starting, SoIsWhatFoundNoMemory) {
  compute(50'000, []() -> StartPtr { throw std::bad_alloc(); });
  std::jthread ending([this] { end_when_somebody_waits(); });
  EXPECT_EQ(obtain(50'010)->n, 50'010u);
  EXPECT_THROW(other_.get(), std::bad_alloc);
}

TEST_F(Starting, AStoppedJobWaitsNoLonger) {
  compute(50'000, [] { return start_of(50'000); });
  std::jthread stopping([this] {
    while (!spare_.try_take()) std::this_thread::yield();
    spare_.give_back();
    stop_.request_stop();
  });
  EXPECT_EQ(obtain(50'010)->n, 50'010u);
  end_.count_down();
}

TEST_F(Starting, ATaskWaitsUntilItsDeadline) {
  compute(50'000, [] { return start_of(50'000); });
  const Instant deadline = base::monotonic_now() + 5ms;
  EXPECT_EQ(obtain(50'010, deadline)->n, 50'010u);
  EXPECT_GE(base::monotonic_now(), deadline);
  end_.count_down();
}

}  // namespace
}  // namespace brigade::worker
