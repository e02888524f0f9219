#include <algorithm>

#include "proto/base/os.h"
#include "proto/net/impl.h"

namespace brigade::net {
namespace {

// Rounded up: waking before the deadline would make the caller spin. The longest wait is a day; the caller comes back.
std::chrono::milliseconds to_timeout(Duration left) {
  constexpr auto kLongest = std::chrono::milliseconds(86'400'000);
  return std::min(std::chrono::ceil<std::chrono::milliseconds>(std::max(left, Duration{})), kLongest);
}

zmq::pollitem_t item_of(void* socket, int fd) {
  return {.socket = socket, .fd = fd, .events = ZMQ_POLLIN, .revents = 0};
}

void poll(std::vector<zmq::pollitem_t>& items, Duration timeout) {
  const bool for_ever = timeout < Duration{};
  require(!items.empty() || !for_ever);
  const Instant start = base::monotonic_now();
  uninterrupted([&] {
    const Duration gone = base::monotonic_now() - start;
    return zmq::poll(items, for_ever ? std::chrono::milliseconds(-1) : to_timeout(timeout - gone));
  });
}

/// Indices of the readable items, counted from `first` on. An error too: reading tells which.
std::vector<std::size_t> readable(const std::vector<zmq::pollitem_t>& items, std::size_t first) {
  std::vector<std::size_t> found;
  for (std::size_t i = first; i < items.size(); ++i)
    if (items[i].revents != 0) found.push_back(i - first);
  return found;
}

std::vector<std::size_t> wait_for(void* socket, std::span<const int> fds, Duration timeout) {
  std::vector<zmq::pollitem_t> items;
  items.reserve(fds.size() + 1);
  if (socket != nullptr) items.push_back(item_of(socket, -1));
  for (const int fd : fds) items.push_back(item_of(nullptr, fd));
  poll(items, timeout);
  return readable(items, socket != nullptr ? 1 : 0);
}

}  // namespace

std::vector<std::size_t> wait(Router* socket, std::span<const int> fds, Duration timeout) {
  return wait_for(socket == nullptr ? nullptr : socket->impl().socket.handle(), fds, timeout);
}

std::vector<std::size_t> wait(Dealer* socket, std::span<const int> fds, Duration timeout) {
  return wait_for(socket == nullptr ? nullptr : socket->impl().socket.handle(), fds, timeout);
}

std::vector<std::size_t> wait(std::span<const std::unique_ptr<Dealer>> sockets, Duration timeout) {
  std::vector<zmq::pollitem_t> items;
  items.reserve(sockets.size());
  for (const auto& socket : sockets) items.push_back(item_of(socket ? socket->impl().socket.handle() : nullptr, -1));
  poll(items, timeout);
  return readable(items, 0);
}

}  // namespace brigade::net
