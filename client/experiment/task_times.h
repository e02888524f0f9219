// Where the time of each task went, from what its results say.
#pragma once

#include <cstdint>
#include <set>
#include <string>
#include <vector>

#include "proto/model/messages.h"
#include "proto/model/runs.h"

namespace brigade::experiment {

/// Means per task in milliseconds. `client`, `broker`, `worker` and `run` are measured, each by the clock of the
/// process it is spent in. `transit` is the difference of two wall clocks that count milliseconds, `back` what is left
/// of the whole (from the broker's first to the client's last look at the task).
struct Breakdown {
  double client = 0;   ///< until the job was accepted
  double broker = 0;   ///< waiting for a lease
  double transit = 0;  ///< the lease on its way
  double worker = 0;   ///< waiting for a slot of the worker
  double run = 0;
  double back = 0;  ///< until the client had the result
  bool operator==(const Breakdown&) const = default;
};

/// One task that is shown on the timeline; milliseconds since the submit.
struct TimelineEvent {
  std::uint64_t index = 0;
  std::string worker;
  double leased_ms = 0, start_ms = 0, run_ms = 0, seen_ms = 0;
};

/// Takes the results of one job as they arrive.
class TaskTimes {
 public:
  /// `submitted`: just before the submit. `tasks`: how many there will be (0: unknown); at most kEventsMax of them,
  /// evenly spread, are kept for the timeline.
  TaskTimes(Now submitted, std::uint64_t tasks);

  static constexpr std::uint64_t kEventsMax = 2000;

  void add(const Results& page, Instant arrived);

  /// Tasks with a result, those that did not end well among them, and whether all of `tasks` came exactly once.
  std::uint64_t count() const { return seen_.count(); }
  std::uint64_t failed() const { return failed_; }
  bool complete(std::uint64_t tasks) const;
  /// Names of those that ran them.
  const std::set<std::string>& workers() const { return workers_; }

  /// `accepted`: when the client knew, by its clock; `accepted_at`: the broker's label.
  Breakdown breakdown(Instant accepted, UtcMs accepted_at) const;
  /// 101 quantiles of a task's time from the submit to its result; empty without results.
  std::vector<double> latency_ms() const;
  /// By start.
  std::vector<TimelineEvent> timeline() const;

 private:
  void add_row(const Results& page, std::size_t row, std::uint64_t index, double seen_ms);

  Now submitted_;
  std::uint64_t stride_;
  RunSet seen_;
  bool twice_ = false;
  std::uint64_t failed_ = 0;
  std::set<std::string> workers_;
  std::uint64_t ran_ = 0;
  double queued_sum_ = 0, leased_sum_ = 0, start_sum_ = 0, run_sum_ = 0, seen_sum_ = 0;
  std::vector<float> latency_ms_;
  std::vector<TimelineEvent> events_;
};

}  // namespace brigade::experiment
