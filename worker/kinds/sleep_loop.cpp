#include <boost/asio/awaitable.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <chrono>
#include <memory>
#include <utility>

#include "worker/kinds/sleep.h"

namespace brigade::worker {
namespace asio = boost::asio;
namespace {

/// Ends the wait from whatever thread stops the job; the timer itself is touched by the loop's thread alone.
struct CancelTimer {
  std::shared_ptr<asio::steady_timer> timer;
  void operator()() const {
    asio::post(timer->get_executor(), [timer = timer] { timer->cancel(); });
  }
};

asio::awaitable<Ending> run(LoopTask task) {
  const std::optional<std::uint64_t> ns = number_of(task.argument);
  if (!ns) co_return not_a_number(task.argument);
  const asio::any_io_executor executor = co_await asio::this_coro::executor;
  const SleepEnd end = sleep_end(*ns, task.deadline);
  const auto wait = std::chrono::duration_cast<asio::steady_timer::duration>(end.wait);
  const auto timer = std::make_shared<asio::steady_timer>(executor, wait);
  const std::stop_callback on_stop(task.stop, CancelTimer{timer});
  boost::system::error_code cancelled;
  auto waiting = timer->async_wait(asio::redirect_error(asio::use_awaitable, cancelled));
  co_await std::move(waiting);
  if (end.too_long) co_return not_finished_within(task.limit);
  co_return Ending{};
}

}  // namespace

LoopRunner sleep_on_loop() {
  return run;
}

}  // namespace brigade::worker
