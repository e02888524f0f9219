// An HTTP server on loopback that answers every request after a stated delay: what the fetches of the article's example
// go to. It waits for all of them at once, so that its answers are as late as it says however many there are.
#pragma once

#include <memory>
#include <string>

#include "proto/model/result.h"
#include "proto/model/time.h"

namespace brigade::experiment {

class DelayServer {
 public:
  /// Listens on an ephemeral port and serves in a thread of its own until the destructor.
  static Result<std::unique_ptr<DelayServer>> start(Duration delay);
  ~DelayServer();
  DelayServer(const DelayServer&) = delete;
  DelayServer& operator=(const DelayServer&) = delete;

  /// "http://127.0.0.1:PORT/"
  std::string url() const;

 private:
  struct Loop;
  explicit DelayServer(std::unique_ptr<Loop> loop);
  std::unique_ptr<Loop> loop_;
};

}  // namespace brigade::experiment
