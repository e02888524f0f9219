// Tasks that wait, as runs: what is ready, suspect or delayed costs memory per run, not per task.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <vector>

#include "broker/core/records.h"
#include "proto/model/runs.h"

namespace brigade::broker {

/// Consecutive tasks with the same past.
struct Waiting {
  Run run;
  Trial trial;
  bool operator==(const Waiting&) const = default;
};

/// Disjoint runs, each with its tasks' common past; neighbours with the same past are one run.
class WaitingRuns {
 public:
  /// REQUIRES: none of the run's tasks is in here.
  void add(const Waiting& waiting);
  /// Takes out what of `run` is in here, with its past.
  std::vector<Waiting> remove(Run run);
  /// What of `run` is in here, with its past.
  std::vector<Waiting> within(Run run) const;
  /// Takes up to `most` tasks off the first run's beginning, or off the last run's end.
  std::optional<Waiting> take(std::uint64_t most, bool from_end);
  /// What `take` would draw from, whole.
  std::optional<Waiting> peek(bool from_end) const;

  std::uint64_t count() const { return count_; }
  bool empty() const { return count_ == 0; }
  std::vector<Waiting> all() const;

 private:
  struct Stretch {
    std::uint64_t end;
    Trial trial;
  };
  std::map<std::uint64_t, Stretch> stretches_;  // by first task
  std::uint64_t count_ = 0;
};

}  // namespace brigade::broker
