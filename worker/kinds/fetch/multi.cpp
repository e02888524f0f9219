#include "worker/kinds/fetch/multi.h"

#include <boost/asio/post.hpp>
#include <chrono>
#include <utility>

#include "proto/model/result.h"

namespace brigade::worker {
namespace asio = boost::asio;

/// A socket of libcurl's that it waits for. libcurl alone closes it: the descriptor is released, never closed.
struct Multi::Socket {
  Socket(asio::io_context& io, curl_socket_t fd) : descriptor(io), number(fd) { descriptor.assign(fd, error); }
  ~Socket() { release(); }
  void release() {
    if (descriptor.is_open()) descriptor.release();
  }

  asio::posix::stream_descriptor descriptor;
  const curl_socket_t number;
  boost::system::error_code error;
  int wanted = 0;  // CURL_POLL_IN, _OUT, _INOUT; 0: removed
  bool reading = false;
  bool writing = false;
};

Multi::Multi(asio::io_context& io, Finished finished)
    : io_(io), finished_(std::move(finished)), multi_(curl_multi_init()), timer_(io) {
  require(multi_ != nullptr);
  curl_multi_setopt(multi_, CURLMOPT_SOCKETFUNCTION, &Multi::socket_callback);
  curl_multi_setopt(multi_, CURLMOPT_SOCKETDATA, this);
  curl_multi_setopt(multi_, CURLMOPT_TIMERFUNCTION, &Multi::timer_callback);
  curl_multi_setopt(multi_, CURLMOPT_TIMERDATA, this);
  curl_multi_setopt(multi_, CURLMOPT_PIPELINING, static_cast<long>(CURLPIPE_MULTIPLEX));
}

Multi::~Multi() {
  curl_multi_cleanup(multi_);
  sockets_.clear();
}

void Multi::add(Transfer& transfer) {
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

int Multi::socket_callback(CURL*, curl_socket_t fd, int what, void* self, void* socket) {
  static_cast<Multi*>(self)->watch(fd, what, static_cast<Socket*>(socket));
  return 0;
}

int Multi::timer_callback(CURLM*, long timeout_ms, void* self) {
  static_cast<Multi*>(self)->set_timer(timeout_ms);
  return 0;
}

void Multi::watch(curl_socket_t fd, int what, Socket* socket) {
  if (what == CURL_POLL_REMOVE) {
    if (socket == nullptr) return;
    socket->wanted = 0;
    socket->release();  // before libcurl closes it or gives it to another transfer
    sockets_.erase(fd);
    curl_multi_assign(multi_, fd, nullptr);
    return;
  }
  if (socket == nullptr) {
    std::shared_ptr<Socket>& made = sockets_[fd];
    made = std::make_shared<Socket>(io_, fd);
    socket = made.get();
    curl_multi_assign(multi_, fd, socket);
  }
  socket->wanted = what;
  wait(sockets_.at(fd));
}

void Multi::wait(const std::shared_ptr<Socket>& socket) {
  const auto self = weak_from_this();
  if (socket->error) {  // epoll refused it: libcurl finds out what is wrong
    asio::post(io_, [self, socket] {
      const auto multi = self.lock();
      if (multi && socket->wanted != 0) multi->act(socket->number, CURL_CSELECT_ERR);
    });
    return;
  }
  if ((socket->wanted & CURL_POLL_IN) != 0 && !socket->reading) {
    socket->reading = true;
    socket->descriptor.async_wait(asio::posix::descriptor_base::wait_read,
                                  [self, socket](const boost::system::error_code& error) {
                                    socket->reading = false;
                                    const auto multi = self.lock();
                                    if (multi) multi->ready(socket, error ? CURL_CSELECT_ERR : CURL_CSELECT_IN);
                                  });
  }
  if ((socket->wanted & CURL_POLL_OUT) != 0 && !socket->writing) {
    socket->writing = true;
    socket->descriptor.async_wait(asio::posix::descriptor_base::wait_write,
                                  [self, socket](const boost::system::error_code& error) {
                                    socket->writing = false;
                                    const auto multi = self.lock();
                                    if (multi) multi->ready(socket, error ? CURL_CSELECT_ERR : CURL_CSELECT_OUT);
                                  });
  }
}

// A wait that ended after libcurl lost interest (or in one direction only) says nothing any more.
void Multi::ready(const std::shared_ptr<Socket>& socket, int action) {
  const int direction = action == CURL_CSELECT_IN ? CURL_POLL_IN : CURL_POLL_OUT;
  if (socket->wanted == 0 || (action != CURL_CSELECT_ERR && (socket->wanted & direction) == 0)) return;
  act(socket->number, action);
  if (socket->wanted != 0) wait(socket);
}

void Multi::set_timer(long timeout_ms) {
  const auto self = weak_from_this();
  if (timeout_ms < 0) {
    timer_.cancel();
    return;
  }
  if (timeout_ms == 0) {
    // Posted, not armed: a timer of 0 ms costs more than the transfer's own work.
    if (std::exchange(due_, true)) return;
    asio::post(io_, [self] {
      const auto multi = self.lock();
      if (!multi) return;
      multi->due_ = false;
      multi->act(CURL_SOCKET_TIMEOUT, 0);
    });
    return;
  }
  timer_.expires_after(std::chrono::milliseconds(timeout_ms));
  timer_.async_wait([self](const boost::system::error_code& error) {
    const auto multi = self.lock();
    if (multi && !error) multi->act(CURL_SOCKET_TIMEOUT, 0);
  });
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
