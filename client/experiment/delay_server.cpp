#include "client/experiment/delay_server.h"

#include <boost/asio.hpp>
#include <thread>

namespace brigade::experiment {
namespace {

namespace asio = boost::asio;
using asio::ip::tcp;

constexpr std::size_t kHeadMax = 16'384;  // of requests not yet answered; who sends more is cut off
constexpr std::string_view kAnswer =
    "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 10\r\n\r\nsoup's on\n";

/// One connection: a request, the delay, the answer, and so on. It keeps itself alive while something is under way.
class Connection : public std::enable_shared_from_this<Connection> {
 public:
  Connection(tcp::socket socket, Duration delay)
      : socket_(std::move(socket)), timer_(socket_.get_executor()), delay_(delay) {}

  void read() {
    asio::async_read_until(socket_, asio::dynamic_buffer(head_, kHeadMax), "\r\n\r\n",
                           [self = shared_from_this()](boost::system::error_code error, std::size_t size) {
                             if (error) return;
                             self->head_.erase(0, size);
                             self->wait();
                           });
  }

 private:
  void wait() {
    timer_.expires_after(delay_);
    timer_.async_wait([self = shared_from_this()](boost::system::error_code error) {
      if (!error) self->answer();
    });
  }

  void answer() {
    asio::async_write(socket_, asio::buffer(kAnswer),
                      [self = shared_from_this()](boost::system::error_code error, std::size_t) {
                        if (!error) self->read();
                      });
  }

  tcp::socket socket_;
  asio::steady_timer timer_;
  Duration delay_;
  std::string head_;
};

}  // namespace

struct DelayServer::Loop {
  explicit Loop(Duration each) : delay(each) {}

  void accept() {
    acceptor.async_accept([this](boost::system::error_code error, tcp::socket socket) {
      if (error == asio::error::operation_aborted) return;
      boost::system::error_code ignored;
      if (!error) {
        socket.set_option(tcp::no_delay(true), ignored);
        std::make_shared<Connection>(std::move(socket), delay)->read();
      }
      accept();
    });
  }

  Duration delay;
  asio::io_context context{1};
  tcp::acceptor acceptor{context};
  std::thread thread;
};

DelayServer::DelayServer(std::unique_ptr<Loop> loop) : loop_(std::move(loop)) {}

Result<std::unique_ptr<DelayServer>> DelayServer::start(Duration delay) {
  auto loop = std::make_unique<Loop>(delay);
  boost::system::error_code error;
  const tcp::endpoint any(asio::ip::address_v4::loopback(), 0);
  loop->acceptor.open(tcp::v4(), error);
  if (!error) loop->acceptor.bind(any, error);
  if (!error) loop->acceptor.listen(4096, error);
  if (error) return Error{ErrorCode::unavailable, "the local HTTP server cannot listen: " + error.message()};
  loop->accept();
  loop->thread = std::thread([context = &loop->context] { context->run(); });
  return std::unique_ptr<DelayServer>(new DelayServer(std::move(loop)));
}

DelayServer::~DelayServer() {
  loop_->context.stop();
  loop_->thread.join();
}

std::string DelayServer::url() const {
  boost::system::error_code ignored;
  return "http://127.0.0.1:" + std::to_string(loop_->acceptor.local_endpoint(ignored).port()) + "/";
}

}  // namespace brigade::experiment
