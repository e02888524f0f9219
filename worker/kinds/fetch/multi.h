// One libcurl multi handle on Boost.Asio: libcurl says which sockets and which timer it waits for, and is told when
// they are ready. The sockets are in an epoll of their own, which Asio watches as one descriptor: libcurl loses and
// finds interest in a kept connection with each request, and Asio's descriptors would cost three system calls each
// time.
#pragma once

#include <curl/curl.h>

#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/steady_timer.hpp>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <vector>

#include "proto/base/os.h"
#include "proto/model/time.h"
#include "worker/kinds/fetch/transfer.h"

namespace brigade::worker {

class Multi : public std::enable_shared_from_this<Multi> {
 public:
  /// Called when a transfer has ended; the handle is free again by then.
  using Finished = std::function<void(Transfer&, CURLcode)>;

  Multi(boost::asio::io_context& io, Finished finished);
  ~Multi();
  Multi(const Multi&) = delete;
  Multi& operator=(const Multi&) = delete;

  void add(Transfer& transfer);
  /// Ends a transfer from outside; `finished` is not called for it.
  void remove(Transfer& transfer);
  std::size_t active() const { return active_; }

 private:
  static int socket_callback(CURL* easy, curl_socket_t fd, int what, void* self, void* socket);
  static int timer_callback(CURLM* multi, long timeout_ms, void* self);
  void watch(curl_socket_t fd, int what);
  void wait();
  void ready();
  void set_timer(long timeout_ms);
  void arm();
  void timer_fired();
  void act(curl_socket_t fd, int action);
  void read_messages();

  boost::asio::io_context& io_;
  Finished finished_;
  CURLM* multi_;
  boost::asio::posix::stream_descriptor epoll_;
  std::vector<std::uint8_t> wanted_;  // by socket: CURL_POLL_IN, _OUT, _INOUT, or 0
  boost::asio::steady_timer timer_;
  Instant armed_for_ = kNever;
  Instant due_at_ = kNever;  // when libcurl wants to be called
  bool due_ = false;         // a call without a socket is posted
  bool waiting_ = false;     // for the epoll
  std::size_t active_ = 0;
};

}  // namespace brigade::worker
