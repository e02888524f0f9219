// Task numbers as intervals: what is pending, leased, done or lost is a list of runs.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <vector>

namespace brigade {

/// The consecutive tasks first, first+1, … first+count-1.
struct Run {
  std::uint64_t first = 0;
  std::uint64_t count = 0;
  std::uint64_t end() const { return first + count; }
  bool contains(std::uint64_t index) const { return index >= first && index - first < count; }
  auto operator<=>(const Run&) const = default;
};

using Runs = std::vector<Run>;

/// What two runs share, if anything.
std::optional<Run> intersection(Run a, Run b);
/// Tasks in all of them together; the runs are taken as disjoint.
std::uint64_t count_of(const Runs& runs);

/// A set of task numbers kept as disjoint, non-adjacent runs.
class RunSet {
 public:
  RunSet() = default;
  explicit RunSet(Run run) { insert(run); }

  void insert(Run run);
  void erase(Run run);
  void clear();

  bool contains(std::uint64_t index) const;
  /// The parts of `run` that are in the set, ascending.
  Runs within(Run run) const;
  /// The parts of `run` that are not in the set, ascending.
  Runs missing(Run run) const;
  /// The first number >= `index` that is not in the set.
  std::uint64_t first_missing(std::uint64_t index) const;
  /// The first run at or after `index`, cut to begin there.
  std::optional<Run> first_at_or_after(std::uint64_t index) const;

  Runs runs() const;
  std::uint64_t count() const { return count_; }
  bool empty() const { return count_ == 0; }
  std::size_t fragments() const { return ends_.size(); }
  bool operator==(const RunSet&) const = default;

 private:
  using Ends = std::map<std::uint64_t, std::uint64_t>;  // first -> end
  Ends::const_iterator containing_or_after(std::uint64_t index) const;

  Ends ends_;
  std::uint64_t count_ = 0;
};

}  // namespace brigade
