// Many workers in one thread: real sessions over real connections, whose tasks take no time.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "proto/model/result.h"
#include "proto/model/time.h"
#include "proto/net/socket.h"

namespace brigade::bench {

/// For measuring what the broker does with very many of them. They hold the leases that they are given until go();
/// from then on each lease is finished as soon as it comes.
class Swarm {
 public:
  struct Options {
    std::string endpoint;
    std::size_t workers = 1;
    std::uint32_t slots = 2;  ///< threads that each pretends to have
    /// What each task pretends to have taken: the broker sizes its leases by it.
    Duration task_time = std::chrono::milliseconds(20);
  };
  static Result<std::unique_ptr<Swarm>> start(const Options& options);
  ~Swarm();
  Swarm(const Swarm&) = delete;
  Swarm& operator=(const Swarm&) = delete;

  void go() { going_ = true; }
  /// Finished leases that the broker has acknowledged. From any thread.
  std::uint64_t acknowledged() const { return acknowledged_; }

 private:
  struct Member;
  Swarm(const Options& options, std::unique_ptr<net::Dealer> anchor);
  void run();

  Options options_;
  std::unique_ptr<net::Dealer> anchor_;  ///< says nothing; the members' connections share its network thread
  std::vector<std::unique_ptr<Member>> members_;
  std::atomic<bool> going_ = false;
  std::atomic<bool> stopped_ = false;
  std::atomic<std::uint64_t> acknowledged_ = 0;
  std::thread thread_;
};

}  // namespace brigade::bench
