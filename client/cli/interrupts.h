// What may break into a call of the session: a signal, or the end of a process of the private cluster.
#pragma once

#include <optional>

#include "client/cluster/private_cluster.h"
#include "proto/base/os.h"
#include "proto/model/result.h"

namespace brigade::cli {

/// One descriptor for the session to watch; when a call was broken off, why() says what to do next.
class Interrupts {
 public:
  explicit Interrupts(base::SignalFd& signals);

  int fd() const { return epoll_.get(); }
  /// REQUIRES: the cluster lives as long as calls are made.
  void watch(cluster::PrivateCluster& cluster);

  /// The signal that came, if any.
  std::optional<int> signal() { return signals_.next(); }
  /// Looks after the private cluster, if there is one; an error when that is dead.
  Result<void> tend();
  bool has_cluster() const { return cluster_ != nullptr; }

 private:
  void add(int fd);

  base::SignalFd& signals_;
  base::Fd epoll_;
  cluster::PrivateCluster* cluster_ = nullptr;
};

/// Waits for a second signal; whether one came within `patience`.
bool second_signal(base::SignalFd& signals, Duration patience);

}  // namespace brigade::cli
