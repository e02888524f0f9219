#include <chrono>
#include <new>
#include <utility>

#include "worker/exec/slices.h"

namespace brigade::worker {
namespace {

constexpr Duration kGrace = std::chrono::milliseconds(200);  // for a kind that stops itself at the deadline

}  // namespace

void Station::begin(Grain grain, Instant now) {
  const Tray::Lock lock = tray_->lock();
  slice_ = std::move(grain.slice);
  current_ = grain.begin;
  end_ = grain.end;
  begun_at_ = now;
  start_task(now);
}

// REQUIRES: the tray's lock.
void Station::start_task(Instant now) {
  started_ = now;
  reported_ = false;
  const Duration limit = slice_->job->limit;
  deadline_ = limit > Duration{} ? now + limit : kNever;
  if (!slice_->job->limited) return;
  permits_.emplace(
      *gate_, question_of(*slice_, slice_->index_at(current_)),
      TaskPermits::Edge{.waits = [this] { begin_to_wait(); }, .goes_on = [this](Duration waited) { go_on(waited); }});
}

// A wait for a permit does not count: neither for the time limit nor as the task's own time.
void Station::begin_to_wait() {
  const Tray::Lock lock = tray_->lock();
  deadline_ = kNever;
}

void Station::go_on(Duration waited) {
  const Tray::Lock lock = tray_->lock();
  started_ += waited;
  const Duration limit = slice_->job->limit;
  deadline_ = limit > Duration{} ? started_ + limit : kNever;
}

TaskFeed::Task Station::current_task() {
  const std::uint64_t index = slice_->index_at(current_);
  return {.index = index,
          .argument = slice_->argument(index, number_),
          .deadline = deadline_,
          .limit = slice_->job->limit,
          .last_attempt = slice_->work.lease.last_attempt,
          .permits = permits_ ? &*permits_ : nullptr};
}

// The library's exceptions end here: GMP and libcurl throw none, but a value may not fit into memory.
void Station::run(Runner& runner) {
  // Of a job that may not use all threads each task has one core.
  SpareCores* const spare = slice_->work.per_worker >= spare_->cores() ? spare_ : nullptr;
  TaskFeed feed(this, &Station::advance, current_task(), slice_->job->stop.get_token(), spare);
  try {
    if (!runner) runner = slice_->job->prepared.on_thread();
    runner(feed);
    while (feed.next()) feed.end(TaskStatus::internal, "the kind did not run this task");
  } catch (const std::bad_alloc&) {
    while (feed.next()) feed.end(TaskStatus::resource_exhausted, "the worker has no memory left for this task", 0);
  }
}

bool Station::advance(void* self, TaskFeed::Task& task, TaskStatus status, std::string_view value, std::string* owned,
                      std::uint32_t retry_after_ms) {
  auto& station = *static_cast<Station*>(self);
  const OutcomeRow row{.status = status, .retry_after_ms = retry_after_ms};
  const bool more = station.end_task(task, row, value, owned);
  station.tray_->announce();
  return more;
}

bool Station::end_task(TaskFeed::Task& task, const OutcomeRow& outcome, std::string_view value, std::string* owned) {
  const Instant now = base::monotonic_now();
  const Tray::Lock lock = tray_->lock();
  if (permits_) permits_->ended();
  const bool given_back = permits_ && permits_->withdrawn();
  permits_.reset();
  if (!reported_ && !given_back) record(lock, outcome, now, value, owned);
  ++tally_.tasks;
  // The next task takes about as long; whose thread has none says that it rests.
  tray_->set_growing(lock, now - started_ < Tray::kGrowthMax, now);
  if (++current_ < end_) {
    start_task(now);
    task = current_task();
    return true;
  }
  tally_.elapsed += now - begun_at_;
  deadline_ = kNever;
  slice_.reset();
  return false;
}

void Station::record(const Tray::Lock& lock, OutcomeRow row, Instant now, std::string_view value, std::string* owned) {
  if (slice_->job->aborted.load(std::memory_order_relaxed)) return;
  row.index = slice_->index_at(current_);
  row.start_ms = static_cast<float>(to_ms(started_ - slice_->arrived));
  row.run_ms = static_cast<float>(to_ms(now - started_));
  if (row.status == TaskStatus::ok || slice_->work.lease.last_attempt) row.retry_after_ms = kFinal;
  tally_.weight += weight_of(value);
  tray_->add(lock, slice_->origin, row, value, owned);
}

Station::Tally Station::take_tally() {
  const Tray::Lock lock = tray_->lock();
  return std::exchange(tally_, {});
}

void Station::rest() {
  if (tray_->stop_growing()) tray_->announce();
}

Runs Station::cut(LeaseId lease) {
  const Tray::Lock lock = tray_->lock();
  if (!slice_ || slice_->work.lease.id != lease) return {};
  return slice_->tasks(current_ + 1, std::exchange(end_, current_ + 1));
}

void Station::cut(JobId job) {
  const Tray::Lock lock = tray_->lock();
  if (slice_ && slice_->job->id == job) end_ = current_ + 1;
}

void Station::cut_all() {
  const Tray::Lock lock = tray_->lock();
  if (slice_) end_ = current_ + 1;
}

std::optional<Grain> Station::split() {
  const Tray::Lock lock = tray_->lock();
  if (!slice_ || current_ + 1 >= end_) return std::nullopt;
  const std::uint64_t middle = end_ - (end_ - current_) / 2;
  return Grain{.slice = slice_, .begin = middle, .end = std::exchange(end_, middle)};
}

std::shared_ptr<const Slice> Station::unstarted() {
  const Tray::Lock lock = tray_->lock();
  return slice_ && current_ + 1 < end_ ? slice_ : nullptr;
}

Instant Station::report_overdue(Instant now) {
  Tray::Lock lock = tray_->lock();
  if (!slice_ || reported_ || deadline_ == kNever) return kNever;
  const Instant report_at = deadline_ + (slice_->job->prepared.stops_itself ? kGrace : Duration{});
  if (now < report_at) return report_at;
  reported_ = true;
  const Ending late = not_finished_within(slice_->job->limit);
  record(lock, {.status = late.status, .retry_after_ms = late.retry_after_ms}, now, late.value, nullptr);
  tray_->set_growing(lock, false, now);
  lock.unlock();
  tray_->announce();
  return kNever;
}

}  // namespace brigade::worker
