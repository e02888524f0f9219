// One libcurl multi handle on Boost.Asio: libcurl says which sockets and which timer it waits for, and is told when
// they are ready.
#pragma once

#include <curl/curl.h>

#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/steady_timer.hpp>
#include <cstddef>
#include <functional>
#include <memory>
#include <unordered_map>

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
  struct Socket;
  static int socket_callback(CURL* easy, curl_socket_t fd, int what, void* self, void* socket);
  static int timer_callback(CURLM* multi, long timeout_ms, void* self);
  void watch(curl_socket_t fd, int what, Socket* socket);
  void wait(const std::shared_ptr<Socket>& socket);
  void ready(const std::shared_ptr<Socket>& socket, int action);
  void set_timer(long timeout_ms);
  void act(curl_socket_t fd, int action);
  void read_messages();

  boost::asio::io_context& io_;
  Finished finished_;
  CURLM* multi_;
  boost::asio::steady_timer timer_;
  bool due_ = false;  // a call without a socket is posted
  std::size_t active_ = 0;
  std::unordered_map<curl_socket_t, std::shared_ptr<Socket>> sockets_;
};

}  // namespace brigade::worker
