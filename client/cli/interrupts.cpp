#include "client/cli/interrupts.h"

#include <poll.h>
#include <sys/epoll.h>

#include <chrono>

namespace brigade::cli {

Interrupts::Interrupts(base::SignalFd& signals) : signals_(signals), epoll_(epoll_create1(EPOLL_CLOEXEC)) {
  require(static_cast<bool>(epoll_));
  add(signals.fd());
}

void Interrupts::add(int fd) {
  epoll_event event{};
  event.events = EPOLLIN;
  require(epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, fd, &event) == 0);
}

void Interrupts::watch(cluster::PrivateCluster& cluster) {
  cluster_ = &cluster;
  add(cluster.watch_fd());
}

Result<void> Interrupts::tend() {
  if (cluster_ == nullptr) return {};
  return cluster_->tend();
}

bool second_signal(base::SignalFd& signals, Duration patience) {
  pollfd fd{.fd = signals.fd(), .events = POLLIN, .revents = 0};
  const auto ms = std::chrono::ceil<std::chrono::milliseconds>(patience).count();
  return poll(&fd, 1, static_cast<int>(ms)) > 0 && signals.next().has_value();
}

}  // namespace brigade::cli
