#include "worker/exec/thread_pool.h"

#include <utility>

namespace brigade::worker {
namespace {

SliceQueue::Options queue_options(const ThreadPoolOptions& options) {
  return {.threads = options.threads,
          .time_limit = options.time_limit,
          .unreleased_max = options.unreleased_max,
          .memory = options.memory,
          .gate = options.gate};
}

}  // namespace

ThreadPool::ThreadPool(std::vector<Kind> kinds, Outbox& outbox, ThreadPoolOptions options)
    : queue_(std::move(kinds), queue_options(options)), watchdog_(queue_) {
  for (std::uint32_t i = 0; i < options.threads; ++i) {
    Station& station = queue_.add_station(outbox.add_tray());
    threads_.emplace_back([this, &station] { run(station); });
  }
}

ThreadPool::~ThreadPool() {
  queue_.stop();
  threads_.clear();
}

void ThreadPool::start(Work work) {
  queue_.add(std::move(work));
  watchdog_.slice_added();
}

Runs ThreadPool::give_back(LeaseId lease) {
  return queue_.give_back(lease);
}
void ThreadPool::abort(JobId job) {
  queue_.abort(job);
}
void ThreadPool::release(std::uint64_t bytes) {
  queue_.release(bytes);
}
std::uint32_t ThreadPool::busy() const {
  return queue_.busy();
}

std::optional<Grain> ThreadPool::next(Station& station) {
  if (std::optional<Grain> grain = queue_.take(station)) return grain;
  station.rest();
  return queue_.wait(station);
}

void ThreadPool::run(Station& station) {
  std::shared_ptr<ActiveJob> job;  // whose tasks this thread ran last
  Runner runner;
  while (std::optional<Grain> grain = next(station)) {
    if (job != grain->slice->job) {
      job = grain->slice->job;
      runner = nullptr;
    }
    grain.reset();
    station.run(runner);
    queue_.done(station, job);
  }
}

}  // namespace brigade::worker
