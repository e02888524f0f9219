#include "client/bench/usage.h"

#include <time.h>

#include <fstream>
#include <string>

namespace brigade::bench {
namespace {

/// "VmHWM:     1234 kB" and its like; 0 where the line is missing.
std::uint64_t kib_of(const std::string& line, const std::string& name) {
  if (line.compare(0, name.size(), name) != 0) return 0;
  return std::stoull(line.substr(name.size() + 1)) * 1024;
}

}  // namespace

Result<Usage> usage_of(pid_t pid) {
  clockid_t clock{};
  timespec spent{};
  std::ifstream status("/proc/" + std::to_string(pid) + "/status");
  if (!status || ::clock_getcpuclockid(pid, &clock) != 0 || ::clock_gettime(clock, &spent) != 0)
    return Error{ErrorCode::invalid,
                 "process " + std::to_string(pid) +
                     " cannot be seen here: run the benchmark on the broker's machine, as its user"};
  Usage usage{.cpu = std::chrono::seconds(spent.tv_sec) + std::chrono::nanoseconds(spent.tv_nsec)};
  for (std::string line; std::getline(status, line);) {
    usage.resident_bytes += kib_of(line, "RssAnon");
    usage.peak_bytes += kib_of(line, "VmHWM");
  }
  return usage;
}

}  // namespace brigade::bench
