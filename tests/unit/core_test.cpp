// The parts of the broker's core that a story cannot reach well: sets of runs, what is readable, sizes of leases.
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <map>
#include <optional>
#include <random>
#include <string>
#include <tuple>
#include <vector>

#include "broker/core/broker.h"
#include "broker/core/job.h"
#include "broker/core/placement.h"
#include "broker/core/ranking.h"
#include "broker/core/roster.h"
#include "broker/core/waiting.h"

namespace brigade::broker {
namespace {

constexpr std::uint64_t kTasks = 48;
constexpr std::uint64_t kSeeds = 200;

// ---- WaitingRuns -------------------------------------------------------------------------------------------------

/// The same set, one entry per task.
class TaskByTask {
 public:
  bool is_free(Run run) const {
    return std::all_of(at(run.first), at(run.end()), [](const auto& past) { return !past; });
  }
  void add(const Waiting& waiting) { std::fill(at(waiting.run.first), at(waiting.run.end()), waiting.trial); }

  /// Neighbours with the same past as one run.
  std::vector<Waiting> within(Run run) const {
    std::vector<Waiting> found;
    for (std::uint64_t index = run.first; index < run.end(); ++index) {
      const auto& past = tasks_.at(index);
      if (!past) continue;
      if (!found.empty() && found.back().run.end() == index && found.back().trial == *past)
        ++found.back().run.count;
      else
        found.push_back({{index, 1}, *past});
    }
    return found;
  }
  std::vector<Waiting> remove(Run run) {
    std::vector<Waiting> found = within(run);
    std::fill(at(run.first), at(run.end()), std::nullopt);
    return found;
  }
  std::vector<Waiting> all() const { return within({0, kTasks}); }

 private:
  using Tasks = std::array<std::optional<Trial>, kTasks>;
  Tasks::iterator at(std::uint64_t index) { return tasks_.begin() + static_cast<std::ptrdiff_t>(index); }
  Tasks::const_iterator at(std::uint64_t index) const { return tasks_.begin() + static_cast<std::ptrdiff_t>(index); }

  Tasks tasks_;
};

class Dice {
 public:
  explicit Dice(std::uint64_t seed) : random_(seed) {}
  std::uint64_t below(std::uint64_t end) { return std::uniform_int_distribution<std::uint64_t>(0, end - 1)(random_); }
  /// Any run within the tasks, empty ones too.
  Run run() {
    const std::uint64_t first = below(kTasks);
    return {first, below(std::min<std::uint64_t>(12, kTasks - first) + 1)};
  }
  Trial trial() { return {.attempts = static_cast<std::uint32_t>(below(2)), .grain = below(2)}; }

 private:
  std::mt19937_64 random_;
};

/// What `take` promises: up to so many off the first run's beginning, or off the last run's end.
std::optional<Waiting> taken(TaskByTask& tasks, std::uint64_t most, bool from_end) {
  const std::vector<Waiting> all = tasks.all();
  if (all.empty() || most == 0) return std::nullopt;
  Waiting part = from_end ? all.back() : all.front();
  const std::uint64_t count = std::min(most, part.run.count);
  if (from_end) part.run.first = part.run.end() - count;
  part.run.count = count;
  (void)tasks.remove(part.run);
  return part;
}

TEST(WaitingRuns, AgreesWithASetKeptTaskByTask) {
  for (std::uint64_t seed = 1; seed <= kSeeds; ++seed) {
    SCOPED_TRACE(seed);
    Dice dice(seed);
    WaitingRuns runs;
    TaskByTask tasks;
    for (int step = 0; step < 200; ++step) {
      const auto run = dice.run();
      switch (dice.below(4)) {
        case 0:
        case 1: {
          const Waiting waiting{run, dice.trial()};
          if (!tasks.is_free(run)) break;
          runs.add(waiting);
          tasks.add(waiting);
          break;
        }
        case 2:
          ASSERT_EQ(runs.within(run), tasks.within(run));
          ASSERT_EQ(runs.remove(run), tasks.remove(run));
          break;
        case 3: {
          const std::uint64_t most = dice.below(6);
          const bool from_end = dice.below(2) == 1;
          ASSERT_EQ(runs.take(most, from_end), taken(tasks, most, from_end));
          break;
        }
      }
      std::uint64_t count = 0;
      for (const Waiting& waiting : tasks.all()) count += waiting.run.count;
      ASSERT_EQ(runs.all(), tasks.all());
      ASSERT_EQ(runs.count(), count);
      ASSERT_EQ(runs.empty(), count == 0);
    }
  }
}

// ---- Job ---------------------------------------------------------------------------------------------------------

TEST(Job, IsReadableUpToTheFirstTaskThatIsNotOnDisk) {
  for (std::uint64_t seed = 1; seed <= kSeeds; ++seed) {
    SCOPED_TRACE(seed);
    Dice dice(seed);
    Job job;
    job.tasks = kTasks;
    std::array<bool, kTasks> on_disk{};
    for (std::uint64_t position = 0; position < 12; ++position) {
      const bool committed = dice.below(2) == 1;
      Job::Uncommitted block;
      for (const auto& run : job.done.missing(dice.run())) {
        job.done.insert(run);
        block.runs.push_back(run);
        for (std::uint64_t index = run.first; index < run.end(); ++index) on_disk.at(index) = committed;
      }
      if (!committed) job.uncommitted.emplace(position, block);
    }
    for (std::uint64_t from = 0; from <= kTasks; ++from) {
      std::uint64_t expected = from;
      while (expected < kTasks && on_disk.at(expected)) ++expected;
      ASSERT_EQ(job.readable_until(from), expected) << "from " << from;
    }
  }
}

TEST(Job, WakesOnlyTheRetriesThatAreDue) {
  Job job;
  job.tasks = 3;
  const Instant now{std::chrono::seconds(10)};
  for (std::uint64_t index = 0; index < 3; ++index) {
    job.delayed.add({{index, 1}, Trial{.attempts = 1, .failures = 1}});
    job.due.emplace(now + std::chrono::seconds(index), brigade::Run{index, 1});
  }
  EXPECT_FALSE(job.wake_delayed(now - Duration(1)));
  EXPECT_TRUE(job.wake_delayed(now + std::chrono::seconds(1)));
  EXPECT_EQ(job.ready.all(), (std::vector<Waiting>{{{0, 2}, Trial{.attempts = 1, .failures = 1}}}));
  EXPECT_EQ(job.delayed.count(), 1u);
}

TEST(Job, DeadlineBeyondTheClockIsNever) {
  Job job;
  job.accepted = Instant(std::chrono::hours(1));
  EXPECT_EQ(job.deadline(), kNever);
  job.spec.deadline = std::chrono::seconds(5);
  EXPECT_EQ(job.deadline(), job.accepted + std::chrono::seconds(5));
  job.spec.deadline = Duration::max();
  EXPECT_EQ(job.deadline(), kNever);
  job.accepted = Instant(-std::chrono::hours(1));  // accepted before this life of the broker
  EXPECT_EQ(job.deadline(), kNever);
}

TEST(TaskCost, BeginsWithTheFirstBlockAndFollowsTheLatest) {
  TaskCost cost;
  cost.learn(10, 10, 0);
  EXPECT_FALSE(cost.known);
  cost.learn(200, 1000, 10);
  EXPECT_TRUE(cost.known);
  EXPECT_DOUBLE_EQ(cost.run_ms, 20);
  EXPECT_DOUBLE_EQ(cost.result_bytes, 100);
  cost.learn(5, 0, 1);  // one task weighs a tenth
  EXPECT_DOUBLE_EQ(cost.run_ms, 20 - 0.1 * 15);
  for (int block = 0; block < 20; ++block) cost.learn(5'000, 0, 1'000);
  EXPECT_NEAR(cost.run_ms, 5, 0.01);
}

// ---- Ranking -----------------------------------------------------------------------------------------------------

TEST(Ranking, AgreesWithASortOfAllJobs) {
  for (std::uint64_t seed = 1; seed <= kSeeds; ++seed) {
    SCOPED_TRACE(seed);
    Dice dice(seed);
    Ranking ranking;
    std::map<std::string, double> given;
    std::map<JobId, Ranking::Standing> jobs;
    for (int step = 0; step < 100; ++step) {
      const JobId job{1, dice.below(12)};
      const std::string client = "user " + std::to_string(job.low % 3);
      given[client] += static_cast<double>(dice.below(3));
      switch (dice.below(4)) {
        case 0:
          ranking.remove(job);
          jobs.erase(job);
          ranking.move_client(client, given[client]);
          break;
        case 1:
          ranking.move_client(client, given[client]);
          break;
        default:
          jobs[job] = {client, 0, static_cast<std::int32_t>(job.low % 2), static_cast<double>(dice.below(4))};
          jobs[job].client_ms = given[client];
          ranking.put(job, jobs[job]);
      }
      using Place = std::tuple<double, std::string, std::int32_t, double, JobId>;
      std::vector<Place> expected;
      for (const auto& [id, at] : jobs) expected.emplace_back(given[at.client], at.client, -at.priority, at.job_ms, id);
      std::ranges::sort(expected);
      std::vector<JobId> order;
      EXPECT_FALSE(ranking.visit([&](JobId id) {
        order.push_back(id);
        return false;
      }));
      ASSERT_EQ(order.size(), expected.size());
      for (std::size_t i = 0; i < order.size(); ++i) ASSERT_EQ(order[i], std::get<JobId>(expected[i]));
    }
  }
}

// ---- Sizes of leases ---------------------------------------------------------------------------------------------

class LeaseSize : public testing::Test {
 protected:
  LeaseSize() {
    job_.spec.kind = "noop";
    add_worker(4);
  }
  void add_worker(std::uint32_t threads) {
    const PeerId peer{state_.workers.size() + 1};
    Worker& worker = state_.workers[peer];
    worker.peer = peer;
    worker.slots = {threads, 0};
    worker.kinds = {{.name = "noop"}};
    enlist(state_, worker);
  }
  void waiting(std::uint64_t count) {
    job_.ready = {};
    job_.ready.add({{0, count}, {}});
    job_.tasks = count;
  }
  void costs(double run_ms, double result_bytes = 0) { job_.cost = {true, run_ms, result_bytes}; }
  std::uint64_t size(const Placement& placement = {}) {
    return lease_size(state_, job_, state_.workers.at(PeerId{1}), placement);
  }

  State state_;
  Job job_;
};

TEST_F(LeaseSize, IsWhatIsLeftDividedByTwiceTheSlots) {
  waiting(80);
  EXPECT_EQ(size(), 10u);
  add_worker(4);
  EXPECT_EQ(size(), 5u);
}

TEST_F(LeaseSize, CountsOnlyTheSlotsThatTheJobMayUse) {
  waiting(80);
  add_worker(4);
  add_worker(4);
  EXPECT_EQ(size({.workers = 2}), 5u);
  EXPECT_EQ(size({.per_worker = 2}), 6u);
  EXPECT_EQ(size({.per_worker = 2, .workers = 1}), 20u);
}

TEST_F(LeaseSize, IsAtLeastOneTask) {
  waiting(1);
  EXPECT_EQ(size(), 1u);
  costs(1e9, 1e12);
  EXPECT_EQ(size(), 1u);
}

TEST_F(LeaseSize, IsBoundedWhileTheCostIsUnknown) {
  waiting(1'000'000'000);
  EXPECT_EQ(size(), state_.settings.first_lease_tasks * 4);
  EXPECT_EQ(size({.per_worker = 1}), state_.settings.first_lease_tasks);
}

TEST_F(LeaseSize, IsBoundedByTheTimeThatItLasts) {
  waiting(1'000'000'000);
  costs(1);
  EXPECT_EQ(size(), 4 * 40u);  // 40 ms on each of 4 slots
  costs(0.0001);
  EXPECT_EQ(size(), state_.settings.lease_tasks_max);
}

TEST_F(LeaseSize, IsNotWorthLessThanItsWay) {
  waiting(1'000);
  add_worker(4);
  costs(0.01);
  EXPECT_EQ(size(), 200u);  // 2 ms on one slot
  costs(0.5);
  EXPECT_EQ(size(), 62u);
}

TEST_F(LeaseSize, IsBoundedByBytesOfArgumentsAndResults) {
  waiting(1'000'000'000);
  costs(0.0001);
  job_.argument_bytes = 1024;
  EXPECT_EQ(size(), state_.settings.lease_bytes_max / 1024);
  costs(0.0001, 65'536);
  EXPECT_EQ(size(), state_.settings.lease_bytes_max / 65'536);
}

TEST_F(LeaseSize, OfManyTransfersIsNotOneByOne) {
  Worker& worker = state_.workers.at(PeerId{1});
  dismiss(state_, worker);
  worker.slots = {0, 256};
  enlist(state_, worker);
  job_.spec.mode = Mode::coroutines;
  waiting(300);
  EXPECT_EQ(size({.lane = Lane::loop}), 256u / 8);
}

// ---- Broker ------------------------------------------------------------------------------------------------------

/// Its id will be that of another lease: adopted, both would be one in the broker's books.
TEST(Broker, AdoptsNoLeaseThatItNeverGranted) {
  const JobId job{1, 2};
  RecoveredJob recovered{.id = job, .tasks = 10, .sealed = true};
  recovered.spec = {.kind = "noop", .range = Arithmetic{.start = 0, .step = 1, .count = 10}, .key = "k"};
  const LeaseId next{std::uint64_t{3} << 40 | 1};
  WorkerHello hello{.instance = InstanceId{5}, .name = "w", .slots = {1, 0}, .kinds = {{.name = "noop"}}};
  hello.held = {{.lease = next, .job = job, .unfinished = {{0, 4}}}};

  Broker broker{Settings{}};
  Commands out;
  broker.on(Started{.recovered = {.epoch = 3, .jobs = {recovered}}}, Now{}, out);
  broker.on(MessageArrived{PeerId{1}, "host", hello}, Now{}, out);
  broker.check_invariants();
  EXPECT_EQ(std::ranges::count(out, Command(Send{PeerId{1}, Reclaim{next}})), 1);
  EXPECT_EQ(broker.state().leases.at(next).open, RunSet({0, 5}));  // the next one of its own
}

}  // namespace
}  // namespace brigade::broker
