#include "worker/kinds/fetch/multi.h"

#include <sys/epoll.h>

#include <array>
#include <boost/asio/post.hpp>
#include <chrono>
#include <utility>

#include "proto/model/result.h"

namespace brigade::worker {
namespace asio = boost::asio;

namespace {

// Beyond these libcurl closes the connection that has idled longest. Its own default follows the number of transfers
// down and up again, and closes and opens connections all the time.
constexpr long kConnectionsMax = 600;
constexpr int kEventsAtOnce = 128;

std::uint32_t epoll_events(int what) {
  return ((what & CURL_POLL_IN) != 0 ? EPOLLIN : 0u) | ((what & CURL_POLL_OUT) != 0 ? EPOLLOUT : 0u);
}

int action_of(std::uint32_t events) {
  return ((events & (EPOLLIN | EPOLLHUP)) != 0 ? CURL_CSELECT_IN : 0) |
         ((events & EPOLLOUT) != 0 ? CURL_CSELECT_OUT : 0) | ((events & EPOLLERR) != 0 ? CURL_CSELECT_ERR : 0);
}

}  // namespace

Multi::Multi(asio::io_context& io, Finished finished)
    : io_(io),
      finished_(std::move(finished)),
      multi_(curl_multi_init()),
      epoll_(io, ::epoll_create1(EPOLL_CLOEXEC)),
      timer_(io) {
  require(multi_ != nullptr);
  curl_multi_setopt(multi_, CURLMOPT_SOCKETFUNCTION, &Multi::socket_callback);
  curl_multi_setopt(multi_, CURLMOPT_SOCKETDATA, this);
  curl_multi_setopt(multi_, CURLMOPT_TIMERFUNCTION, &Multi::timer_callback);
  curl_multi_setopt(multi_, CURLMOPT_TIMERDATA, this);
  curl_multi_setopt(multi_, CURLMOPT_PIPELINING, static_cast<long>(CURLPIPE_MULTIPLEX));
  curl_multi_setopt(multi_, CURLMOPT_MAXCONNECTS, kConnectionsMax);
}

Multi::~Multi() {
  curl_multi_cleanup(multi_);
}

void Multi::add(Transfer& transfer) {
  if (!waiting_) wait();
  ++active_;
  const CURLMcode added = curl_multi_add_handle(multi_, transfer.handle());
  if (added == CURLM_OK) return;
  --active_;
  finished_(transfer, CURLE_OUT_OF_MEMORY);
}

void Multi::remove(Transfer& transfer) {
  --active_;
  curl_multi_remove_handle(multi_, transfer.handle());
}

int Multi::socket_callback(CURL*, curl_socket_t fd, int what, void* self, void*) {
  static_cast<Multi*>(self)->watch(fd, what);
  return 0;
}

int Multi::timer_callback(CURLM*, long timeout_ms, void* self) {
  static_cast<Multi*>(self)->set_timer(timeout_ms);
  return 0;
}

// A socket that nobody waits for any more stays in the epoll: libcurl closes it (the kernel then takes it out), or
// wants it again for the next request. So whether it is there is the kernel's to say.
void Multi::watch(curl_socket_t fd, int what) {
  const auto at = static_cast<std::size_t>(fd);
  if (at >= wanted_.size()) wanted_.resize(at + 64);
  wanted_[at] = what == CURL_POLL_REMOVE ? 0 : static_cast<std::uint8_t>(what);
  if (wanted_[at] == 0) return;
  epoll_event event{.events = epoll_events(what), .data = {.fd = fd}};
  const int epoll = epoll_.native_handle();
  if (::epoll_ctl(epoll, EPOLL_CTL_MOD, fd, &event) == 0) return;
  if (::epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event) == 0) return;
  asio::post(io_, [self = weak_from_this(), fd] {  // epoll refused it: libcurl finds out what is wrong
    if (const auto multi = self.lock()) multi->act(fd, CURL_CSELECT_ERR);
  });
}

void Multi::wait() {
  waiting_ = true;
  epoll_.async_wait(asio::posix::descriptor_base::wait_read,
                    [self = weak_from_this()](const boost::system::error_code& error) {
                      const auto multi = self.lock();
                      if (!multi || error) return;
                      multi->ready();
                      multi->wait();
                    });
}

// What is left over has its turn after the other work of the loop.
void Multi::ready() {
  std::array<epoll_event, kEventsAtOnce> events;
  const int count = ::epoll_wait(epoll_.native_handle(), events.data(), kEventsAtOnce, 0);
  for (int i = 0; i < count; ++i) {
    const int fd = events[static_cast<std::size_t>(i)].data.fd;
    if (wanted_[static_cast<std::size_t>(fd)] != 0) {
      act(fd, action_of(events[static_cast<std::size_t>(i)].events));
    } else {  // a connection that idles; libcurl looks before it uses it again
      ::epoll_ctl(epoll_.native_handle(), EPOLL_CTL_DEL, fd, nullptr);
    }
  }
}

// libcurl moves its timer with each step of each transfer, mostly to later: one that is armed for earlier is left so.
void Multi::set_timer(long timeout_ms) {
  due_at_ = kNever;
  if (timeout_ms < 0) return;
  if (timeout_ms == 0) {
    // Posted, not armed: a timer of 0 ms costs more than the transfer's own work.
    if (std::exchange(due_, true)) return;
    return asio::post(io_, [self = weak_from_this()] {
      const auto multi = self.lock();
      if (!multi) return;
      multi->due_ = false;
      multi->act(CURL_SOCKET_TIMEOUT, 0);
    });
  }
  due_at_ = base::monotonic_now() + std::chrono::milliseconds(timeout_ms);
  if (due_at_ < armed_for_) arm();
}

void Multi::arm() {
  armed_for_ = due_at_;
  timer_.expires_at(std::chrono::steady_clock::time_point(due_at_.time_since_epoch()));
  timer_.async_wait([self = weak_from_this()](const boost::system::error_code& error) {
    const auto multi = self.lock();
    if (multi && !error) multi->timer_fired();
  });
}

void Multi::timer_fired() {
  armed_for_ = kNever;
  if (due_at_ == kNever) return;
  if (base::monotonic_now() < due_at_) return arm();
  due_at_ = kNever;
  act(CURL_SOCKET_TIMEOUT, 0);
}

void Multi::act(curl_socket_t fd, int action) {
  int running = 0;
  curl_multi_socket_action(multi_, fd, action, &running);
  read_messages();
}

void Multi::read_messages() {
  int left = 0;
  while (const CURLMsg* message = curl_multi_info_read(multi_, &left)) {
    if (message->msg != CURLMSG_DONE) continue;
    const CURLcode code = message->data.result;
    Transfer* transfer = nullptr;
    curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, &transfer);
    remove(*transfer);
    finished_(*transfer, code);
  }
}

}  // namespace brigade::worker
