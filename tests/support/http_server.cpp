#include "tests/support/http_server.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <utility>

#include "proto/model/result.h"

namespace brigade::test {
namespace {

/// Reads until `buffer` has `size` bytes; false at the end of the connection.
bool read_to(int fd, std::string& buffer, std::size_t size) {
  while (buffer.size() < size) {
    char chunk[16 * 1024];
    const ssize_t got = ::recv(fd, chunk, sizeof chunk, 0);
    if (got <= 0) return false;
    buffer.append(chunk, static_cast<std::size_t>(got));
  }
  return true;
}

bool read_head(int fd, std::string& buffer, std::size_t& end) {
  while ((end = buffer.find("\r\n\r\n")) == std::string::npos)
    if (!read_to(fd, buffer, buffer.size() + 1)) return false;
  end += 4;
  return true;
}

bool read_request(int fd, std::string& buffer, HttpRequest& request) {
  std::size_t end = 0;
  if (!read_head(fd, buffer, end)) return false;
  request.head = buffer.substr(0, end);
  buffer.erase(0, end);
  const std::size_t space = request.head.find(' ');
  request.method = request.head.substr(0, space);
  request.path = request.head.substr(space + 1, request.head.find(' ', space + 1) - space - 1);
  const std::string name = "Content-Length: ";
  const std::size_t at = request.head.find(name);
  const std::size_t length = at == std::string::npos ? 0 : std::strtoul(&request.head[at + name.size()], nullptr, 10);
  if (!read_to(fd, buffer, length)) return false;
  request.body = buffer.substr(0, length);
  buffer.erase(0, length);
  return true;
}

}  // namespace

bool HttpConnection::send(const std::string& bytes) {
  std::size_t sent = 0;
  while (sent < bytes.size()) {
    const ssize_t n = ::send(fd_, bytes.data() + sent, bytes.size() - sent, MSG_NOSIGNAL);
    if (n <= 0) return false;
    sent += static_cast<std::size_t>(n);
  }
  return true;
}

void HttpConnection::wait_for_close() {
  char byte = 0;
  while (::recv(fd_, &byte, 1, 0) > 0) {
  }
}

void HttpConnection::reset() {
  const linger hard{.l_onoff = 1, .l_linger = 0};
  ::setsockopt(fd_, SOL_SOCKET, SO_LINGER, &hard, sizeof hard);
}

HttpServer::HttpServer(Handler handler)
    : handler_(std::move(handler)), listener_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  require(::bind(listener_.get(), reinterpret_cast<sockaddr*>(&address), size) == 0);
  require(::listen(listener_.get(), 1024) == 0);
  require(::getsockname(listener_.get(), reinterpret_cast<sockaddr*>(&address), &size) == 0);
  port_ = ntohs(address.sin_port);
  acceptor_ = std::thread([this] { accept_all(); });
}

HttpServer::~HttpServer() {
  stopping_ = true;
  ::shutdown(listener_.get(), SHUT_RDWR);
  acceptor_.join();
  {
    const std::lock_guard lock(mutex_);
    for (const int fd : open_) ::shutdown(fd, SHUT_RDWR);
  }
  for (std::thread& thread : threads_) thread.join();
}

void HttpServer::accept_all() {
  while (!stopping_) {
    const int fd = ::accept4(listener_.get(), nullptr, nullptr, SOCK_CLOEXEC);
    if (fd < 0) continue;
    ++connections_;
    const std::lock_guard lock(mutex_);
    open_.push_back(fd);
    threads_.emplace_back([this, fd] { serve(fd); });
  }
}

void HttpServer::serve(int fd) {
  std::string buffer;
  HttpRequest request;
  HttpConnection connection(fd);
  bool more = true;
  while (more && read_request(fd, buffer, request)) {
    {
      const std::lock_guard lock(mutex_);
      requests_.push_back(request);
    }
    more = handler_(request, connection);
  }
  const std::lock_guard lock(mutex_);
  std::erase(open_, fd);
  ::close(fd);
}

std::vector<HttpRequest> HttpServer::requests() const {
  const std::lock_guard lock(mutex_);
  return requests_;
}

std::string http_reply(const std::string& body, const std::string& status, const std::string& headers) {
  return "HTTP/1.1 " + status + "\r\nContent-Length: " + std::to_string(body.size()) + "\r\n" + headers + "\r\n" + body;
}

}  // namespace brigade::test
