// Waiting for a permit without blocking. With Boost.Asio: for sources of coroutines only.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <boost/asio/steady_timer.hpp>
#include <functional>
#include <memory>
#include <stop_token>

#include "worker/kinds/gate.h"

namespace brigade::worker {

/// One wait of a coroutine until somebody, from whatever thread, calls wake(), once.
class LoopWait {
 public:
  explicit LoopWait(const boost::asio::any_io_executor& executor);
  std::function<void()> wake() const;
  /// To be awaited at once: nothing else of the loop's thread may come between.
  boost::asio::awaitable<void> woken() const;

 private:
  std::shared_ptr<boost::asio::steady_timer> timer_;
};

/// As TaskPermits::pass(), in the coroutine's own thread. `permits` must live until it ends.
boost::asio::awaitable<bool> pass_on_loop(TaskPermits& permits, Target target, std::stop_token stop);

}  // namespace brigade::worker
