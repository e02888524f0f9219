#include <boost/asio/awaitable.hpp>
#include <boost/asio/this_coro.hpp>
#include <utility>
#include <vector>

#include "proto/base/os.h"
#include "worker/kinds/fetch/driver.h"
#include "worker/kinds/fetch/fetch.h"
#include "worker/kinds/fetch/url_parts.h"
#include "worker/kinds/gate_loop.h"

namespace brigade::worker {
namespace asio = boost::asio;
namespace {

constexpr std::size_t kFreeMax = 64;  // handles kept between tasks: a finished job must not hold thousands

/// One job's transfers in one loop thread; handles that are free wait here for the next task.
struct LoopFetch {
  std::shared_ptr<Driver> driver;
  std::shared_ptr<const FetchJob> job;
  std::vector<std::unique_ptr<Transfer>> free;
  std::shared_ptr<LoopFetch> robots;  // gets the robots.txt, of a job that asks for them

  std::unique_ptr<Transfer> take() {
    if (free.empty()) return std::make_unique<Transfer>(job);
    std::unique_ptr<Transfer> transfer = std::move(free.back());
    free.pop_back();
    return transfer;
  }
};

asio::awaitable<Ending> fetch(std::shared_ptr<LoopFetch> here, LoopTask task);

asio::awaitable<void> wait_for_news(LoopWait news, TaskPermits* permits) {
  if (permits != nullptr) permits->begin_to_wait();
  auto waiting = news.woken();
  co_await std::move(waiting);
  if (permits != nullptr) permits->go_on();
}

/// How the task ends if its next request may not be made. One task gets an origin's robots.txt, the others wait for it.
asio::awaitable<std::optional<Ending>> robots_refusal(std::shared_ptr<LoopFetch> here, LoopTask task, std::string url) {
  const std::optional<UrlParts> parts = url_parts(url);
  if (!parts) co_return std::nullopt;  // it will be refused as no URL
  Robots& robots = *here->job->robots;
  const asio::any_io_executor executor = co_await asio::this_coro::executor;
  while (!task.stop.stop_requested()) {
    const LoopWait news(executor);
    Robots::Turn turn = robots.ask(parts->origin, base::monotonic_now(), news.wake());
    if (turn.word) co_return robots.refusal(*turn.word, *parts);
    if (!turn.errand) {
      auto waiting = wait_for_news(news, task.permits);
      co_await std::move(waiting);
      continue;
    }
    const std::string file = turn.errand->url();
    LoopTask errand = task;
    errand.argument = file;
    errand.last_attempt = true;
    auto fetching = fetch(here->robots, std::move(errand));
    Ending ending = co_await std::move(fetching);
    turn.errand->fetched(ending, base::monotonic_now());
    if (ending.status == TaskStatus::cancelled) co_return std::move(ending);
  }
  co_return Ending::failed(TaskStatus::cancelled, "the job was stopped");
}

asio::awaitable<Ending> fetch(std::shared_ptr<LoopFetch> here, LoopTask task) {
  std::unique_ptr<Transfer> transfer = here->take();
  std::optional<Ending> ending = transfer->begin(task.argument, task.last_attempt);
  const bool limited = task.limit > Duration{};
  const Duration limit = limited ? task.limit : kFetchTimeout;
  Duration left = limit;  // for the requests of a job with limits: waits for permits do not count
  while (!ending) {
    if (here->job->robots) {
      const ActiveTime spent(task.permits);
      auto asking = robots_refusal(here, task, transfer->url());
      ending = co_await std::move(asking);
      if (ending) break;
      left -= spent.so_far();
    }
    if (Target target = task.permits != nullptr ? transfer->target() : Target{}; target.id) {
      auto passing = pass_on_loop(*task.permits, std::move(target), task.stop);
      const bool may_go = co_await std::move(passing);
      if (!may_go) {
        ending = Ending::failed(TaskStatus::cancelled, "the job was stopped");
        break;
      }
    }
    const Instant begun = base::monotonic_now();
    const bool as_given = limited && task.permits == nullptr;
    const Instant deadline = as_given ? task.deadline : begun + left;
    auto performed = here->driver->perform(*transfer, deadline, limit, task.stop);
    const CURLcode code = co_await std::move(performed);
    left -= base::monotonic_now() - begun;
    if (task.permits != nullptr) close_request(*task.permits, *transfer);
    if (!transfer->follow(code)) ending = transfer->end(code);
  }
  if (here->free.size() < kFreeMax) here->free.push_back(std::move(transfer));
  co_return *std::move(ending);
}

std::shared_ptr<Driver> shared_driver(LoopThread& thread) {
  std::shared_ptr<void>& driver = thread.locals["fetch"];
  if (!driver) driver = std::make_shared<Driver>(*thread.io);
  return std::static_pointer_cast<Driver>(driver);
}

}  // namespace

LoopRunner fetch_on_loop(LoopThread& thread, std::shared_ptr<const FetchJob> job) {
  const auto here = std::make_shared<LoopFetch>();
  here->driver = job->is_apart() ? std::make_shared<Driver>(*thread.io) : shared_driver(thread);
  if (job->robots) {
    here->robots = std::make_shared<LoopFetch>();
    here->robots->driver = here->driver;
    here->robots->job = job->robots_job;
  }
  here->job = std::move(job);
  return [here](LoopTask task) { return fetch(here, std::move(task)); };
}

}  // namespace brigade::worker
