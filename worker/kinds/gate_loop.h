// Waiting for a permit without blocking. With Boost.Asio: for sources of coroutines only.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <stop_token>

#include "worker/kinds/gate.h"

namespace brigade::worker {

/// As TaskPermits::pass(), in the coroutine's own thread. `permits` must live until it ends.
boost::asio::awaitable<bool> pass_on_loop(TaskPermits& permits, Target target, std::stop_token stop);

}  // namespace brigade::worker
