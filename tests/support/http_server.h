// A small HTTP server inside a test: plain sockets, one thread per connection, replies chosen by the path.
// Deterministic.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "proto/base/os.h"

namespace brigade::test {

struct HttpRequest {
  std::string method, path, head, body;
};

/// One connection, for a reply that does more than send some bytes.
class HttpConnection {
 public:
  explicit HttpConnection(int fd) : fd_(fd) {}
  /// False when the peer is gone.
  bool send(const std::string& bytes);
  /// Waits until the peer closes.
  void wait_for_close();
  /// The peer gets a reset instead of an end.
  void reset();

 private:
  int fd_;
};

class HttpServer {
 public:
  /// Answers one request; returns whether the connection stays open for the next.
  using Handler = std::function<bool(const HttpRequest&, HttpConnection&)>;

  /// Listens on 127.0.0.1, at a port that the kernel chooses.
  explicit HttpServer(Handler handler);
  ~HttpServer();
  HttpServer(const HttpServer&) = delete;
  HttpServer& operator=(const HttpServer&) = delete;

  std::string url(const std::string& path) const { return "http://127.0.0.1:" + std::to_string(port_) + path; }
  int port() const { return port_; }
  std::vector<HttpRequest> requests() const;
  std::uint32_t connections() const { return connections_; }

 private:
  void accept_all();
  void serve(int fd);

  Handler handler_;
  base::Fd listener_;
  int port_ = 0;
  std::atomic<bool> stopping_ = false;
  std::atomic<std::uint32_t> connections_ = 0;
  mutable std::mutex mutex_;
  std::vector<HttpRequest> requests_;
  std::vector<std::thread> threads_;
  std::vector<int> open_;
  std::thread acceptor_;
};

/// "HTTP/1.1 200 OK" with a length; `headers` are whole lines with their ends.
std::string http_reply(const std::string& body, const std::string& status = "200 OK", const std::string& headers = "");

}  // namespace brigade::test
