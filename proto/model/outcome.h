// How tasks end: the columns of a block of results.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>

#include "proto/model/columns.h"
#include "proto/model/ids.h"
#include "proto/model/runs.h"
#include "proto/model/time.h"

namespace brigade {

/// `ok`, or why a task has no answer. The numbers are on the wire and on disk: never renumber.
enum class TaskStatus : std::uint8_t {
  ok = 0,
  invalid_argument = 1,
  too_large = 2,
  unsupported_kind = 3,
  timeout = 4,
  dns = 5,
  connect = 6,
  tls = 7,
  http_status = 8,
  forbidden_address = 9,
  body_too_large = 10,
  cancelled = 11,
  deadline = 12,
  max_fails = 13,
  worker_lost = 14,
  resource_exhausted = 15,
  internal = 16,
  protocol = 17,  ///< the server's answer broke HTTP, or ended early
  checksum = 18,  ///< a fetched body is not the expected one
  robots = 19,    ///< the server's robots.txt forbids it, or could not be had
};
inline constexpr std::size_t kTaskStatuses = 20;

/// The documented name, as in `error.code`: `ok`, `invalid_argument`, …
std::string_view name_of(TaskStatus status);
std::optional<TaskStatus> parse_task_status(std::string_view name);
/// Whether a task with this status was never finished because the job was cut: cancelled, deadline, max_fails.
constexpr bool is_cancellation(TaskStatus status) {
  return status == TaskStatus::cancelled || status == TaskStatus::deadline || status == TaskStatus::max_fails;
}

inline constexpr std::uint32_t kFinal = 0xFFFF'FFFF;

/// Outcomes of one job's tasks. Row i belongs to the i-th number of `runs`, counted through them in order.
struct Outcomes {
  Runs runs;  ///< the index column: disjoint, in any order
  Column<TaskStatus> status;
  Column<float> start_ms;                        ///< from the lease's arrival at the worker to the task's start
  Column<float> run_ms;                          ///< from its start to its end
  Column<std::uint32_t> retry_after_ms{kFinal};  ///< a failure that may be tried again, and the least wait; else kFinal
  Values values;                                 ///< the kind's answer; a failure's message, UTF-8

  std::uint64_t count() const { return count_of(runs); }
  bool operator==(const Outcomes&) const = default;
};

/// Where a block of outcomes comes from, the same for all its rows.
struct Origin {
  std::string worker;          ///< its name; empty where the broker ended the tasks
  std::uint32_t attempts = 0;  ///< executions begun so far, this one included; 0: never ran
  float queued_ms = 0;         ///< from the job's acceptance to the lease
  UtcMs leased_at{};           ///< the worker's wall clock when the lease arrived
  bool operator==(const Origin&) const = default;
};

/// Only the rows of `outcomes` that belong to `keep` (ascending or not), in their order. Copies.
Outcomes select(const Outcomes& outcomes, const RunSet& keep);

/// Rows first..first+count-1, as views of the same memory.
Outcomes slice(const Outcomes& outcomes, std::size_t first, std::size_t count);

/// Counts of milliseconds in buckets of 1/16 octave: quantiles within 6 %, in constant memory.
class Histogram {
 public:
  void add(float ms, std::uint64_t times = 1) { buckets_[bucket_of(ms)] += times; }
  void add(const Histogram& other);
  std::uint64_t count() const;
  /// The smallest bucket's value that `q` (0..1) of the counts do not exceed; 0 when empty.
  float quantile(double q) const;

 private:
  static constexpr int kShift = 19;  // keeps the exponent and 4 bits of a float's mantissa
  static constexpr std::uint32_t kLowest = 0x3580'0000u >> kShift;   // 2^-20 ms, about a nanosecond
  static constexpr std::uint32_t kHighest = 0x5000'0000u >> kShift;  // 2^33 ms, 99 days
  static std::size_t bucket_of(float ms);

  std::array<std::uint64_t, kHighest - kLowest + 1> buckets_{};
};

}  // namespace brigade
