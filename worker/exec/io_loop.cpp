#include "worker/exec/io_loop.h"

#include <algorithm>
#include <array>
#include <atomic>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <exception>
#include <new>
#include <thread>
#include <utility>

#include "worker/exec/slices.h"
#include "worker/exec/watchdog.h"

namespace brigade::worker {
namespace asio = boost::asio;
namespace {

constexpr std::size_t kRunnersMax = 64;  // jobs whose runners a thread keeps

/// A job as one loop thread runs it.
struct JobHere {
  std::shared_ptr<ActiveJob> job;
  LoopRunner coroutine;  // one of the two
  Runner blocking;       // made with the first task
};

/// One thread of the loop. All but schedule() happens in that thread.
class IoThread {
 public:
  IoThread(SliceQueue& queue, Outbox& outbox, PermitGate* gate, std::uint32_t concurrency)
      : queue_(&queue),
        io_(1),
        work_(asio::make_work_guard(io_)),
        here_{.io = &io_, .locals = {}},
        tray_(&outbox.add_tray()),
        station_(&queue.add_station(*tray_)),
        gate_(gate),
        concurrency_(concurrency),
        thread_([this] { io_.run(); }) {}

  ~IoThread() {
    asio::post(io_, [this] { finish(); });
    thread_.join();
    jobs_.clear();
    here_.locals.clear();  // before the io_context that they use
  }

  /// Looks for tasks to start, soon. From any thread.
  void schedule() {
    if (!scheduled_.exchange(true)) asio::post(io_, [this] { pump(); });
  }

 private:
  void pump();
  void run_inline(const std::shared_ptr<ActiveJob>& job);
  void spawn(Grain grain);
  asio::awaitable<void> run_task(Grain grain, std::shared_ptr<JobHere> here);
  void record(const Slice& slice, std::uint64_t index, Instant started, Ending& ending);
  void announce();
  std::shared_ptr<JobHere> runners_of(const std::shared_ptr<ActiveJob>& job);
  void finish() {
    finishing_ = true;
    stop_if_idle();
  }

  void stop_if_idle() {
    if (finishing_ && in_flight_ == 0 && waiting_ == 0) io_.stop();
  }
  TaskPermits permits_of(const Slice& slice, std::uint64_t index);

  SliceQueue* queue_;
  asio::io_context io_;
  asio::executor_work_guard<asio::io_context::executor_type> work_;
  LoopThread here_;
  Tray* tray_;
  Station* station_;
  PermitGate* gate_;
  const std::uint32_t concurrency_;
  std::atomic<bool> scheduled_ = false;
  std::map<const ActiveJob*, std::shared_ptr<JobHere>> jobs_;
  std::uint32_t in_flight_ = 0;
  std::uint32_t waiting_ = 0;  // for a permit: they take no room from tasks of other jobs
  bool finishing_ = false;
  bool announcing_ = false;
  std::jthread thread_;  // last: it uses all of the above
};

void IoThread::pump() {
  scheduled_ = false;
  while (in_flight_ < concurrency_) {
    std::optional<Grain> grain = queue_->take(*station_, waiting_ < concurrency_);
    if (!grain) return station_->rest();
    if (!grain->slice->job->coroutine) {
      run_inline(grain->slice->job);
      return schedule();  // the transfers in flight have their turn first
    }
    spawn(*std::move(grain));
  }
}

void IoThread::run_inline(const std::shared_ptr<ActiveJob>& job) {
  const std::shared_ptr<JobHere> here = runners_of(job);
  station_->run(here->blocking);
  queue_->done(*station_, job);
}

void IoThread::spawn(Grain grain) {
  ++in_flight_;
  std::shared_ptr<JobHere> here = runners_of(grain.slice->job);
  asio::co_spawn(io_, run_task(std::move(grain), std::move(here)), asio::detached);
}

std::shared_ptr<JobHere> IoThread::runners_of(const std::shared_ptr<ActiveJob>& job) {
  if (jobs_.size() >= kRunnersMax)
    std::erase_if(jobs_, [&](const auto& entry) { return entry.second.use_count() == 1 && entry.first != job.get(); });
  std::shared_ptr<JobHere>& here = jobs_[job.get()];
  if (here) return here;
  here = std::make_shared<JobHere>();
  here->job = job;
  if (job->coroutine) here->coroutine = job->prepared.on_loop(here_);
  return here;
}

asio::awaitable<void> IoThread::run_task(Grain grain, std::shared_ptr<JobHere> here) {
  const Slice& slice = *grain.slice;
  const std::uint64_t index = slice.index_at(grain.begin);
  std::array<char, 8> number{};
  LoopTask task;
  task.argument = slice.argument(index, number);
  task.last_attempt = slice.work.lease.last_attempt;
  task.stop = here->job->stop.get_token();
  task.limit = here->job->limit;
  const Instant started = base::monotonic_now();
  if (task.limit > Duration{}) task.deadline = started + task.limit;
  std::optional<TaskPermits> permits;
  if (here->job->limited) task.permits = &permits.emplace(permits_of(slice, index));
  Ending ending;
  try {
    auto running = here->coroutine(std::move(task));
    ending = co_await std::move(running);
  } catch (const std::bad_alloc&) {
    ending = Ending::retryable(TaskStatus::resource_exhausted, "the worker has no memory left for this task");
  } catch (const std::exception& failure) {
    ending = Ending::failed(TaskStatus::internal, failure.what());
  }
  if (permits) permits->ended();
  const bool dropped = here->job->aborted || (permits && permits->withdrawn());
  const std::uint64_t weight = dropped ? 0 : weight_of(ending.value);
  // Waits for permits do not count as the task's own time.
  const Instant counted_from = started + (permits ? permits->waited() : Duration{});
  if (weight > 0) record(slice, index, counted_from, ending);
  queue_->done(*here->job, weight);
  --in_flight_;
  stop_if_idle();
  schedule();
}

TaskPermits IoThread::permits_of(const Slice& slice, std::uint64_t index) {
  const auto waits = [this] {
    --in_flight_;
    ++waiting_;
    schedule();
  };
  const auto goes_on = [this](Duration) {
    ++in_flight_;
    --waiting_;
  };
  return TaskPermits(*gate_, question_of(slice, index), {.waits = waits, .goes_on = goes_on});
}

void IoThread::record(const Slice& slice, std::uint64_t index, Instant started, Ending& ending) {
  const bool may_retry = ending.status != TaskStatus::ok && !slice.work.lease.last_attempt;
  const Instant now = base::monotonic_now();
  const OutcomeRow row{.index = index,
                       .status = ending.status,
                       .start_ms = static_cast<float>(to_ms(started - slice.arrived)),
                       .run_ms = static_cast<float>(to_ms(now - started)),
                       .retry_after_ms = may_retry ? ending.retry_after_ms : kFinal};
  {
    const Tray::Lock lock = tray_->lock();
    tray_->add(lock, slice.origin, row, ending.value, &ending.value);
    tray_->set_growing(lock, false, now);
  }
  announce();
}

// Once for all that ends in one turn of the loop: they make one block, and wake the worker's loop once.
void IoThread::announce() {
  if (std::exchange(announcing_, true)) return;
  asio::post(io_, [this] {
    announcing_ = false;
    tray_->announce();
  });
}

SliceQueue::Options queue_options(const IoLoopOptions& options) {
  return {.threads = options.threads,
          .time_limit = options.time_limit,
          .unreleased_max = options.unreleased_max,
          .memory = options.memory,
          .gate = options.gate,
          .loop = true};
}

}  // namespace

struct IoLoop::Impl {
  Impl(std::vector<Kind> kinds, Outbox& outbox, const IoLoopOptions& options)
      : memory(options.memory), queue(std::move(kinds), queue_options(options)), watchdog(queue) {
    const std::uint32_t count = std::max(1u, std::min(options.threads, options.concurrency));
    for (std::uint32_t i = 0; i < count; ++i) {
      const std::uint32_t share = options.concurrency / count + (i < options.concurrency % count ? 1 : 0);
      threads.push_back(std::make_unique<IoThread>(queue, outbox, options.gate, std::max(1u, share)));
    }
    if (memory != nullptr) memory->on_room(this, [this] { schedule(); });
  }
  ~Impl() {
    if (memory != nullptr) memory->dismiss(this);
    queue.stop();
  }

  void schedule() {
    for (const auto& thread : threads) thread->schedule();
  }

  MemoryBudget* const memory;
  SliceQueue queue;
  Watchdog watchdog;
  std::vector<std::unique_ptr<IoThread>> threads;  // last: they use the queue
};

IoLoop::IoLoop(std::vector<Kind> kinds, Outbox& outbox, IoLoopOptions options)
    : impl_(std::make_unique<Impl>(std::move(kinds), outbox, options)) {}

IoLoop::~IoLoop() = default;

void IoLoop::start(Work work) {
  impl_->queue.add(std::move(work));
  impl_->watchdog.slice_added();
  impl_->schedule();
}

Runs IoLoop::give_back(LeaseId lease) {
  return impl_->queue.give_back(lease);
}

void IoLoop::abort(JobId job) {
  impl_->queue.abort(job);
}

void IoLoop::release(std::uint64_t bytes) {
  impl_->queue.release(bytes);
  impl_->schedule();
}

std::uint32_t IoLoop::busy() const {
  return impl_->queue.busy();
}

}  // namespace brigade::worker
