// libcurl starts a thread for each name that it looks up. This bounds them: one transfer per unknown host goes ahead, a
// limited number of hosts at once; the others of that host follow when its name is in the cache.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "proto/model/time.h"

namespace brigade::worker {

class Lookups {
 public:
  using Ticket = std::uint64_t;

  explicit Lookups(std::size_t most = 32) : most_(most) {}

  /// Whether the transfer may start now. Otherwise it is kept, and named by a later finished().
  bool start(Ticket ticket, const std::string& host, Instant now);
  enum class Outcome { found, not_found, unknown };
  struct Next {
    std::vector<Ticket> startable;
    std::vector<Ticket> failed;  ///< waited for a name that does not exist
  };
  /// The look-up of `host` has ended; of `unknown` (it took too long, it was stopped) the next transfer tries again.
  Next finished(const std::string& host, Outcome outcome, Instant now);
  /// A waiting transfer gave up.
  void forget(Ticket ticket, const std::string& host);

  std::size_t running() const { return running_; }

  /// The URL's host, in lower case; empty for an address, which needs no look-up, and for what is no URL.
  static std::string host_of(std::string_view url);

 private:
  struct Host {
    bool running = false;
    std::vector<Ticket> waiting;
  };
  void remember(const std::string& host, Instant now);
  void start_waiting_hosts(Next& next);

  const std::size_t most_;
  std::size_t running_ = 0;
  std::unordered_map<std::string, Instant> known_until_;
  std::unordered_map<std::string, Host> hosts_;  // looked up now, or waiting for it
  std::deque<std::string> queue_;                // hosts that wait
};

}  // namespace brigade::worker
