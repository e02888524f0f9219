#include "worker/kinds/gate_loop.h"

#include <boost/asio/post.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <memory>
#include <utility>

namespace brigade::worker {
namespace asio = boost::asio;
namespace {

using Timer = std::shared_ptr<asio::steady_timer>;

asio::awaitable<void> wait(Timer timer, Duration duration) {
  timer->expires_after(std::chrono::duration_cast<asio::steady_timer::duration>(duration));
  boost::system::error_code ended;
  auto waiting = timer->async_wait(asio::redirect_error(asio::use_awaitable, ended));
  co_await std::move(waiting);
}

}  // namespace

LoopWait::LoopWait(const asio::any_io_executor& executor) : timer_(std::make_shared<asio::steady_timer>(executor)) {}

std::function<void()> LoopWait::wake() const {
  // Posted, so it comes after the wait has begun.
  return [timer = timer_] { asio::post(timer->get_executor(), [timer] { timer->cancel(); }); };
}

asio::awaitable<void> LoopWait::woken() const {
  return wait(timer_, std::chrono::hours(24 * 365));
}

asio::awaitable<bool> pass_on_loop(TaskPermits& permits, Target target, std::stop_token stop) {
  const asio::any_io_executor executor = co_await asio::this_coro::executor;
  const Timer timer = std::make_shared<asio::steady_timer>(executor);
  const LoopWait answer(executor);
  permits.begin(target);
  while (true) {
    const PermitGate::Ticket ticket = permits.ask(answer.wake());
    {
      const auto stop_it = [&permits, ticket] { permits.gate().stop(ticket); };
      const std::stop_callback on_stop(stop, stop_it);
      auto answered = answer.woken();
      co_await std::move(answered);
    }
    const PermitGate::Reply reply = permits.gate().reply(ticket);
    if (reply.answer != PermitGate::Answer::permit) co_return permits.over(reply.answer);
    if (const Duration left = reply.from - base::monotonic_now(); left > Duration{}) {
      auto due = wait(timer, left);
      co_await std::move(due);
    }
    if (permits.may_go(reply)) co_return permits.over(reply.answer);
  }
}

}  // namespace brigade::worker
