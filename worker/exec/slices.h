// The leases that an executor holds, and how threads take their tasks: in grains of consecutive places from the first
// slice that has unstarted ones and whose job is below its ceiling; an idle thread takes half of what another has not
// begun. Where a kind knows what memory its tasks take, they start only while that is left, in their order: none may
// pass one that waits for memory, but tasks that need none to speak of may.
#pragma once

#include <array>
#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string_view>
#include <vector>

#include "worker/exec/executor.h"
#include "worker/exec/memory_budget.h"
#include "worker/exec/outbox.h"
#include "worker/kinds/gate.h"
#include "worker/kinds/kind.h"

namespace brigade::worker {

/// What an executor keeps of a job while it holds leases of it.
struct ActiveJob {
  JobId id;
  Prepared prepared;
  Duration limit{};        ///< of one task; 0: none
  bool limited = false;    ///< each request of its tasks wants a permit
  bool coroutine = false;  ///< its tasks run one by one as coroutines of a loop
  std::stop_source stop;
  std::atomic<bool> aborted = false;  ///< outcomes are dropped

  // Guarded by the queue's mutex.
  std::uint32_t running = 0;  ///< threads with a grain of it, or transfers in flight
  double task_ns = 0;         ///< what a task took lately; 0: not known yet
  std::uint64_t grain = 1;
};

/// A lease as its executor holds it, its tasks in the order in which they are taken. Constant but for `next` and `end`,
/// which the queue's mutex guards.
struct Slice {
  Work work;
  std::shared_ptr<ActiveJob> job;
  Instant arrived{};
  Tray::Origin origin;
  std::vector<std::uint32_t> offsets;  ///< of each value in the blob; empty where all have one size, or for a range
  std::vector<std::uint32_t> order;    ///< each place's task, counted from the lease's first; empty: as they come
  std::uint64_t next = 0;              ///< the first place whose task nobody has taken
  std::uint64_t end = 0;

  /// The number in its job of the task in this place.
  std::uint64_t index_at(std::uint64_t place) const {
    return work.lease.run.first + (order.empty() ? place : order[place]);
  }
  /// The tasks in places from..to-1.
  Runs tasks(std::uint64_t from, std::uint64_t to) const;
  /// The argument of the task with this number: a view of the lease's blob, or of `number`, which is filled for a
  /// range.
  std::string_view argument(std::uint64_t index, std::array<char, 8>& number) const;
};

/// How a task of a job with limits asks for permits.
PermitGate::Question question_of(const Slice& slice, std::uint64_t index);

/// The tasks in places begin..end-1 of a slice.
struct Grain {
  std::shared_ptr<Slice> slice;
  std::uint64_t begin = 0;
  std::uint64_t end = 0;
  std::uint64_t memory = 0;  ///< the most that one of its tasks takes, where that is known
};

/// What one thread does: its grain, and the task that it is in. Written by that thread, looked at by the others, all
/// under the lock of the thread's tray.
class Station {
 public:
  Station(Tray& tray, SpareCores& spare, PermitGate* gate) : tray_(&tray), spare_(&spare), gate_(gate) {}

  /// The station's thread takes a grain; its first task counts as started.
  void begin(Grain grain, Instant now);
  /// Runs the grain that begin() was given, with `runner`; an empty one is made here.
  void run(Runner& runner);
  /// The thread has no grain to go on with: what it has finished goes out.
  void rest();

  /// What run() did since the last call.
  struct Tally {
    std::uint64_t tasks = 0;
    std::uint64_t weight = 0;
    Duration elapsed{};
  };
  Tally take_tally();

  /// The tasks of the lease (or of the job) that this thread has not begun; it never will.
  Runs cut(LeaseId lease);
  void cut(JobId job);
  void cut_all();
  /// The upper half of what this thread has not begun, now the caller's.
  std::optional<Grain> split();
  /// What this thread has a grain of that it has not wholly begun; null when there is nothing to split.
  std::shared_ptr<const Slice> unstarted();
  /// Reports the current task as `timeout` when it is past its deadline. Returns when to look again: kNever without a
  /// limit.
  Instant report_overdue(Instant now);

 private:
  static bool advance(void* self, TaskFeed::Task& task, TaskStatus status, std::string_view value, std::string* owned,
                      std::uint32_t retry_after_ms);
  bool end_task(TaskFeed::Task& task, const OutcomeRow& outcome, std::string_view value, std::string* owned);
  void start_task(Instant now);
  void begin_to_wait();
  void go_on(Duration waited);
  TaskFeed::Task current_task();
  void record(const Tray::Lock& lock, OutcomeRow row, Instant now, std::string_view value, std::string* owned);

  Tray* tray_;
  SpareCores* spare_;
  PermitGate* gate_;
  std::optional<TaskPermits> permits_;  // of the current task; only the thread's own
  std::array<char, 8> number_{};        // only the thread's own

  friend class SliceQueue;
  std::uint64_t memory_ = 0;  // what its grain has taken; guarded by the queue's mutex

  // Guarded by the tray's lock.
  std::shared_ptr<Slice> slice_;  // null: idle
  std::uint64_t current_ = 0;     // its place in the slice
  std::uint64_t end_ = 0;
  Instant started_{};
  Instant deadline_ = kNever;
  bool reported_ = false;  // as `timeout`: the late answer is dropped
  Instant begun_at_{};
  Tally tally_;
};

/// Slices in the order of their arrival. Thread-safe; locks its mutex before a tray's, never after.
class SliceQueue {
 public:
  struct Options {
    std::uint32_t threads = 1;  ///< that take grains
    Duration time_limit{};      ///< of one task where the job has none, and at most; 0: none
    std::uint64_t unreleased_max = 64u << 20;
    MemoryBudget* memory = nullptr;  ///< outlives the queue; null: no limit
    PermitGate* gate = nullptr;      ///< null: no lease has limits
    bool loop = false;               ///< a job that can runs as coroutines
  };
  SliceQueue(std::vector<Kind> kinds, Options options);
  ~SliceQueue();
  SliceQueue(const SliceQueue&) = delete;
  SliceQueue& operator=(const SliceQueue&) = delete;

  // The loop's side: what Executor asks for.
  void add(Work work);
  Runs give_back(LeaseId lease);
  void abort(JobId job);
  void release(std::uint64_t bytes);
  std::uint32_t busy() const;
  /// The least time limit of a task that may be running; 0 without any.
  Duration least_limit() const;

  // The threads' side.
  Station& add_station(Tray& tray);
  /// The next grain, taken into `station` before anybody else can look (but for a coroutine's single task, which
  /// no station has); nothing when none may start now.
  /// Of jobs with limits only where `may_wait`: their tasks may have to wait for a permit.
  std::optional<Grain> take(Station& station, bool may_wait = true);
  /// take(), waiting for one until stop() is called.
  std::optional<Grain> wait(Station& station);
  /// The station's grain is done.
  void done(Station& station, const std::shared_ptr<ActiveJob>& job);
  /// A coroutine is done.
  void done(ActiveJob& job, std::uint64_t weight);
  void stop();
  /// Reports what is overdue; returns when to look again.
  Instant report_overdue(Instant now);

 private:
  std::shared_ptr<ActiveJob> job_of(const Lease& lease);
  /// Whether too much is unacknowledged to start anything.
  bool is_full() const { return unreleased_ > static_cast<std::int64_t>(options_.unreleased_max); }
  /// The next grain of the first slice that may start one. `may_wait`: also one whose tasks wait for permits.
  std::optional<Grain> first_startable(bool may_wait);
  /// Makes `grain` small enough for the memory that is left, and takes that; false where not even one task fits.
  bool fit(Grain& grain) const;
  void wake_threads();
  std::uint64_t memory_of(const Grain& grain) const;
  std::optional<Grain> take_locked(Station& station, bool may_wait);
  std::optional<Grain> steal(const Station& thief);
  std::uint64_t grain_size(const Slice& slice) const;
  void drop_started();
  void forget_idle_jobs();
  bool may_steal_soon(const Station& thief) const;

  const std::vector<Kind> kinds_;
  const Options options_;

  mutable std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<std::shared_ptr<Slice>> slices_;  // with unstarted tasks
  std::map<JobId, std::shared_ptr<ActiveJob>> jobs_;
  std::vector<std::unique_ptr<Station>> stations_;
  std::uint32_t running_ = 0;
  SpareCores spare_;
  std::int64_t unreleased_ = 0;  // may dip below 0: a block can be released before its grain ends
  bool stopped_ = false;
};

}  // namespace brigade::worker
