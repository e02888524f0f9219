// What a client asks for and what everyone is told about it.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "proto/model/ids.h"
#include "proto/model/outcome.h"
#include "proto/model/time.h"

namespace brigade {

/// Which executor of a worker runs a task.
enum class Lane : std::uint8_t { threads = 0, loop = 1 };
inline constexpr std::size_t kLanes = 2;

/// How a job wishes to run; `automatic` is what its kind prefers.
enum class Mode : std::uint8_t { automatic = 0, serial = 1, threads = 2, processes = 3, coroutines = 4 };

std::string_view name_of(Mode mode);
std::optional<Mode> parse_mode(std::string_view name);

inline constexpr std::uint32_t kUnlimited = 0xFFFF'FFFF;

/// What a job may use at once of what its mode and the workers allow; 0: all of it.
struct Ceilings {
  std::uint32_t workers = 0;     ///< that have tasks of it
  std::uint32_t per_worker = 0;  ///< tasks of it that one worker runs
  bool any() const { return workers > 0 || per_worker > 0; }
  bool operator==(const Ceilings&) const = default;
};

/// Where a job's tasks run: an executor, how many of them at once on one worker, and on how many workers at a time.
struct Placement {
  Lane lane = Lane::threads;
  std::uint32_t per_worker = kUnlimited;
  std::uint32_t workers = kUnlimited;
  bool operator==(const Placement&) const = default;
};

/// serial = {threads, 1, 1}; processes = {threads, 1, any}; threads = {threads, any, any}; coroutines = {loop, any,
/// any}. Of a mode's ceiling and the job's own the lower one counts.
Placement placement_of(Mode mode, Lane preferred, const Ceilings& ceilings = {});

/// Task i has the argument start + step * i (modulo 2^64): a billion tasks in 24 bytes.
struct Arithmetic {
  std::uint64_t start = 0;
  std::int64_t step = 1;
  std::uint64_t count = 0;
  std::uint64_t at(std::uint64_t index) const { return start + static_cast<std::uint64_t>(step) * index; }
  bool operator==(const Arithmetic&) const = default;
};

/// Whether the arguments get dearer with their number; the dear end runs first.
enum class CostTrend : std::uint8_t { flat = 0, rising = 1, falling = 2 };

/// How many failed tasks a job bears before the rest is cancelled: more than `count`, or more than `percent` of all.
struct FailLimit {
  enum class Unit : std::uint8_t { none = 0, count = 1, percent = 2 };
  Unit unit = Unit::none;
  std::uint64_t value = 0;
  bool operator==(const FailLimit&) const = default;
};

/// What the requests of a job may do together, on all its workers. A request is what its kind says: a fetch makes one
/// more for every redirect, and every retry makes its own.
struct Limits {
  Duration spacing{};            ///< from one request to the next one, at least; 0: any rate
  Duration target_spacing{};     ///< the same for one target, such as a host
  std::uint32_t per_target = 0;  ///< most requests under way to one target; 0: any number
  bool any() const { return spacing > Duration{} || target_spacing > Duration{} || per_target > 0; }
  bool operator==(const Limits&) const = default;
};

/// A rate of less than one request a day is none.
inline constexpr Duration kSpacingMax = std::chrono::hours(24);

struct JobSpec {
  std::string kind;
  std::string options;  ///< opaque to the broker: the kind's own options message
  Mode mode = Mode::automatic;
  std::optional<Arithmetic> range;  ///< else the arguments come in columns
  CostTrend trend = CostTrend::flat;
  bool hedge = false;         ///< stragglers may run a second time; the first result counts
  Duration task_timeout{};    ///< limit of one execution; 0: the worker's own
  Duration deadline{};        ///< from acceptance to the last task; 0: none
  std::uint32_t retries = 0;  ///< executions after the first
  Duration backoff{};         ///< wait before the first retry; doubles, with jitter
  FailLimit max_fails;
  Limits limits;
  Ceilings ceilings;
  std::int32_t priority = 0;  ///< higher first, among the jobs of one client
  std::string name;           ///< for people; may be empty, need not be unique
  std::string key;            ///< makes the submit idempotent; chosen at random where the user gives none
  JobId retry_of{};
  bool operator==(const JobSpec&) const = default;
};

/// SHA-256 over kind, options, mode, limits of execution and the arguments (not name, priority, key, chunking).
using ContentHash = std::array<std::uint8_t, 32>;

enum class JobState : std::uint8_t { queued = 0, running = 1, done = 2, cancelled = 3 };
std::string_view name_of(JobState state);

struct Quantiles {
  float p50 = 0, p90 = 0, p99 = 0;
  bool operator==(const Quantiles&) const = default;
};

struct JobSummary {
  JobId id;
  std::string name, kind;
  Mode mode = Mode::automatic;
  JobState state = JobState::queued;
  std::int32_t priority = 0;
  std::uint64_t tasks = 0, ok = 0, failed = 0, cancelled = 0;
  std::uint64_t running = 0;  ///< leased to a worker now
  std::uint64_t delayed = 0;  ///< waiting for a retry
  std::array<std::uint64_t, kTaskStatuses> by_status{};
  JobId retry_of{};
  std::string client;                                 ///< whose job it is
  UtcMs submitted_at{}, started_at{}, finished_at{};  ///< 0: not yet
  Duration elapsed{};                                 ///< accepted to last completed, or to now
  Quantiles run_ms, queued_ms;
  std::uint64_t visible_rows = 0;  ///< rows of the result log that readers see
  bool operator==(const JobSummary&) const = default;

  std::uint64_t finished() const { return ok + failed + cancelled; }
};

/// A kind that a worker offers.
struct KindOffer {
  std::string name;
  Lane preferred = Lane::threads;
  std::uint64_t argument_max = 0;  ///< the largest numeric argument it accepts; 0: not numeric or no limit
  bool operator==(const KindOffer&) const = default;
};

struct WorkerSummary {
  std::string name, host, version;
  std::uint32_t pid = 0;
  std::array<std::uint32_t, kLanes> slots{};  ///< threads, transfers
  std::array<std::uint32_t, kLanes> busy{};   ///< of them, as the worker last said
  std::vector<KindOffer> kinds;
  std::uint32_t leases = 0;
  std::uint64_t leased_tasks = 0, finished_tasks = 0;
  bool draining = false;
  Duration silent_for{};
  bool operator==(const WorkerSummary&) const = default;
};

struct BrokerStatus {
  std::string version;
  std::uint32_t pid = 0;
  std::uint64_t epoch = 0;
  Duration uptime{};
  bool durable = false;
  std::string state_folder;
  std::string trouble;  ///< why nothing is accepted now; empty when all is well
  std::uint64_t jobs = 0, jobs_unfinished = 0, tasks_waiting = 0, tasks_running = 0, tasks_delayed = 0;
  std::uint64_t workers = 0, clients = 0, malformed_messages = 0, stale_messages = 0;
  std::uint64_t state_bytes = 0, state_bytes_max = 0;  ///< what is stored, and may be (0: no limit)
  bool operator==(const BrokerStatus&) const = default;
};

}  // namespace brigade
