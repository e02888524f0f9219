// The operating system's handles and facts that every program needs.
#pragma once

#include <sys/types.h>

#include <atomic>
#include <cstdint>
#include <filesystem>
#include <initializer_list>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "proto/model/result.h"
#include "proto/model/time.h"

namespace brigade::base {

/// Owns a file descriptor.
class Fd {
 public:
  Fd() = default;
  explicit Fd(int fd) : fd_(fd) {}
  Fd(Fd&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  Fd& operator=(Fd&& other) noexcept;
  ~Fd();
  int get() const { return fd_; }
  explicit operator bool() const { return fd_ >= 0; }

 private:
  int fd_ = -1;
};

/// One thread wakes another's loop. signal() may be called from any thread; many signals before clear() are one.
/// A clear() without a signal costs no system call.
class EventFd {
 public:
  EventFd();
  int fd() const { return fd_.get(); }
  void signal();
  void clear();

 private:
  Fd fd_;
  std::atomic<bool> raised_ = false;  // true at the latest when the descriptor is readable
};

/// Signals read from a loop. Blocks them for the calling thread and all it starts later: make it before any thread.
class SignalFd {
 public:
  explicit SignalFd(std::initializer_list<int> signals);
  int fd() const { return fd_.get(); }
  /// The next pending signal's number, if any.
  std::optional<int> next();

 private:
  Fd fd_;
};

/// Both clocks, read once.
Now now();
Instant monotonic_now();
/// From the kernel's generator.
std::uint64_t random_u64();

/// Cores that this process may really use: affinity and cgroup quota counted, at least 1.
unsigned usable_cores();
std::string host_name();
/// The folder that this program lies in.
std::filesystem::path program_folder();

/// A started program. The destructor does not end it.
struct Child {
  pid_t pid = -1;
};

struct SpawnOptions {
  std::vector<std::string> arguments;                ///< arguments[0] is the program's path
  bool die_with_parent = false;                      ///< SIGTERM when the starting thread ends, however it ends
  bool new_session = false;                          ///< out of the terminal's reach (Ctrl-C does not reach it)
  std::optional<std::filesystem::path> stderr_file;  ///< appended to; else inherited
  std::optional<std::filesystem::path> stdout_file;
};
/// Starts with no signal blocked and stdin at /dev/null.
Result<Child> spawn(const SpawnOptions& options);

/// A call from the program's start: ask the kernel for SIGTERM when the parent dies, and die now if it has already.
void die_with_parent(pid_t expected_parent);

}  // namespace brigade::base
