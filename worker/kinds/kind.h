// What a kind of task is: a name, where it prefers to run, and functions that run it. A kind knows no executor and
// never retries: it says that a failure may be tried again.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

#include "proto/model/job.h"
#include "proto/model/messages.h"
#include "proto/model/outcome.h"
#include "proto/model/result.h"
#include "worker/kinds/team.h"

namespace boost::asio {
class any_io_executor;
class io_context;
template <class T, class Executor>
class awaitable;
}  // namespace boost::asio

namespace brigade::worker {

class TaskPermits;

/// How a task ended: its answer, or the message of its failure.
struct Ending {
  TaskStatus status = TaskStatus::ok;
  std::string value;
  std::uint32_t retry_after_ms = kFinal;  ///< for a failure that may be tried again: the least wait

  static Ending failed(TaskStatus status, std::string message) { return {status, std::move(message), kFinal}; }
  static Ending retryable(TaskStatus status, std::string message, std::uint32_t wait_ms = 0) {
    return {status, std::move(message), wait_ms};
  }
};

/// A number as an argument: 8 bytes, little-endian. Empty for bytes of another length.
std::optional<std::uint64_t> number_of(std::string_view argument);
/// What an argument that is no number is answered with.
Ending not_a_number(std::string_view argument);
/// What a task past its time limit is answered with.
Ending not_finished_within(Duration limit);

/// Tasks of one job, pulled by the kind one after another:
/// `while (feed.next()) { …; feed.end(…); }`. Exactly one end() follows each next() that was true.
/// The tasks ahead may be taken away (given back, run by another thread) until next() has begun them.
class TaskFeed {
 public:
  struct Task {
    std::uint64_t index = 0;         ///< in its job
    std::string_view argument;       ///< valid until end()
    Instant deadline = kNever;       ///< a kind that can stop stops here
    Duration limit{};                ///< from its start to `deadline`; 0: none
    bool last_attempt = true;        ///< no failure of it will be tried again
    TaskPermits* permits = nullptr;  ///< of a job with limits: to be asked before each request
  };
  /// Ends the current task (in `task`), and begins the next one there, or returns false. `owned` may be moved from.
  using Advance = bool (*)(void* owner, Task& task, TaskStatus status, std::string_view value, std::string* owned,
                           std::uint32_t retry_after_ms);

  /// `first` has begun already. `spare` is null where a task may use one core only.
  TaskFeed(void* owner, Advance advance, Task first, std::stop_token stop, SpareCores* spare)
      : owner_(owner), advance_(advance), task_(first), stop_(std::move(stop)), spare_(spare) {}

  bool next() const { return begun_; }
  const Task& task() const { return task_; }
  std::string_view argument() const { return task_.argument; }
  /// Requested when the job is aborted: a kind that can stop does so at once, and what it answers is dropped.
  const std::stop_token& stop() const { return stop_; }
  /// For a Team.
  SpareCores* spare() const { return spare_; }

  void end(TaskStatus status, std::string_view value, std::uint32_t retry_after_ms = kFinal) {
    begun_ = advance_(owner_, task_, status, value, nullptr, retry_after_ms);
  }
  void end(Ending ending) {
    begun_ = advance_(owner_, task_, ending.status, ending.value, &ending.value, ending.retry_after_ms);
  }

 private:
  void* owner_;
  Advance advance_;
  Task task_;
  std::stop_token stop_;
  SpareCores* spare_;
  bool begun_ = true;
};

/// Runs tasks of one job in one thread, blocking it; kept for the job's next tasks in that thread, so it may hold
/// state.
using Runner = std::function<void(TaskFeed&)>;

/// One task as the loop runs it. The argument is valid until the coroutine ends.
struct LoopTask {
  std::string_view argument;
  Instant deadline = kNever;
  Duration limit{};
  bool last_attempt = true;
  TaskPermits* permits = nullptr;  ///< as in TaskFeed::Task; the deadline does not know of waits for a permit
  std::stop_token stop;
};
/// Runs one task of a job as a coroutine of one loop thread.
using LoopRunner = std::function<boost::asio::awaitable<Ending, boost::asio::any_io_executor>(LoopTask)>;

/// A thread of the I/O loop, as kinds see it.
struct LoopThread {
  boost::asio::io_context* io = nullptr;
  std::map<std::string, std::shared_ptr<void>> locals;  ///< what a kind shares between its jobs in this thread
};

/// A kind made ready for one job: its options are parsed.
struct Prepared {
  std::function<Runner()> on_thread;
  /// Empty: the blocking form runs in the loop's thread, one task after another.
  std::function<LoopRunner(LoopThread&)> on_loop;
  /// Bytes of memory that a task with this number as its argument takes at most; it grows with the number. Empty: not
  /// worth counting.
  std::function<std::uint64_t(std::uint64_t)> memory_of;
  /// Of a lease (of each few hundred tasks of a long one), those with smaller numbers as their arguments go first: one
  /// helps with the next.
  bool ascending = false;
  /// It ends by itself at a task's deadline, with a message of its own: it is reported only if it does not.
  bool stops_itself = false;
};

struct Kind {
  std::string name;
  Lane preferred = Lane::threads;
  std::uint64_t argument_max = 0;  ///< the largest number it accepts; 0: not numeric, or no limit
  /// An error (bad options) fails each of the job's tasks with `invalid_argument`.
  std::function<Result<Prepared>(const JobBrief&)> prepare;

  KindOffer offer() const { return {.name = name, .preferred = preferred, .argument_max = argument_max}; }
};

/// A job whose tasks all end alike.
Prepared always(Ending ending);

}  // namespace brigade::worker
