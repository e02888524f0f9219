// Many clients in one thread, each of which reads the results of one job over a connection of its own.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "proto/model/messages.h"
#include "proto/net/socket.h"

namespace brigade::bench {

class Audience {
 public:
  /// One client for each of `jobs`; a job may be named more than once.
  static Result<std::unique_ptr<Audience>> start(const std::string& endpoint, std::vector<JobId> jobs);
  ~Audience();
  Audience(const Audience&) = delete;
  Audience& operator=(const Audience&) = delete;

  /// Clients that the broker has welcomed, and rows that all have read. From any thread.
  std::size_t welcomed() const { return welcomed_; }
  std::uint64_t rows() const { return rows_; }

 private:
  Audience(std::vector<JobId> jobs, std::unique_ptr<net::Dealer> anchor);
  Result<void> connect(const std::string& endpoint);
  void run();
  void receive(std::size_t client);
  void answer(std::size_t client, const Message& message);
  void send(std::size_t client, const Message& message);

  std::vector<JobId> jobs_;
  std::unique_ptr<net::Dealer> anchor_;  ///< says nothing; the clients' connections share its network thread
  std::vector<std::unique_ptr<net::Dealer>> dealers_;
  std::atomic<bool> stopped_ = false;
  std::atomic<std::size_t> welcomed_ = 0;
  std::atomic<std::uint64_t> rows_ = 0;
  std::thread thread_;
};

}  // namespace brigade::bench
