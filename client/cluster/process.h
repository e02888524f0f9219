// Processes that this one has started, watched through file descriptors.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "proto/base/os.h"
#include "proto/model/result.h"
#include "proto/model/time.h"

namespace brigade::cluster {

/// A running child and the descriptor that becomes readable at its end.
class Process {
 public:
  static Result<Process> start(const base::SpawnOptions& options);

  pid_t pid() const { return pid_; }
  int fd() const { return fd_.get(); }
  Instant started_at() const { return started_at_; }
  /// Whether it is over; the first call that says so has reaped it.
  bool has_ended();
  /// "exit code 3" or "signal 9 (Killed)". REQUIRES: has_ended().
  std::string end_text() const;
  void signal(int number) const;

 private:
  pid_t pid_ = -1;
  base::Fd fd_;
  Instant started_at_{};
  std::optional<int> status_;
};

/// Sends SIGTERM to all, waits, sends SIGKILL after `patience`, and reaps them.
void stop_all(std::vector<Process*> processes, Duration patience);

/// When the process was started, in clock ticks since boot: with the pid it names one process for ever. nullopt where
/// there is no such process.
std::optional<std::uint64_t> start_ticks(pid_t pid);

}  // namespace brigade::cluster
