#include "client/experiment/machine.h"

#include <sys/utsname.h>
#include <unistd.h>

#include <algorithm>
#include <fstream>
#include <sstream>

#include "proto/base/os.h"
#include "proto/base/version.h"

namespace brigade::experiment {
namespace {

std::string first_line(const char* path) {
  std::ifstream file(path);
  std::string line;
  std::getline(file, line);
  return line;
}

/// The value of the first line that begins with `key`, without blanks and a colon before it.
std::string value_of(const char* path, const std::string& key) {
  std::ifstream file(path);
  for (std::string line; std::getline(file, line);) {
    if (!line.starts_with(key)) continue;
    const std::size_t colon = line.find(':');
    const std::size_t begin = line.find_first_not_of(" \t", colon + 1);
    return begin == std::string::npos ? "" : line.substr(begin);
  }
  return {};
}

std::uint64_t kibibytes(const std::string& key) {
  std::uint64_t amount = 0;
  std::istringstream(value_of("/proc/meminfo", key)) >> amount;
  return amount * 1024;
}

/// A number in a file; 0 where there is none ("max").
std::uint64_t number_in(const char* path) {
  std::uint64_t number = 0;
  std::istringstream(first_line(path)) >> number;
  return number;
}

std::uint64_t group_limit() {
  return number_in("/sys/fs/cgroup/memory.max");
}

std::vector<std::pair<std::string, std::string>> versions_of(const std::string& libraries) {
  std::vector<std::pair<std::string, std::string>> versions{{"brigade", std::string(base::version())}};
  std::istringstream entries(libraries);
  for (std::string entry; std::getline(entries >> std::ws, entry, ',');) {
    const std::size_t blank = entry.rfind(' ');
    if (blank == std::string::npos) continue;
    std::string name = entry.substr(0, blank);
    std::transform(name.begin(), name.end(), name.begin(), [](unsigned char c) { return std::tolower(c); });
    versions.emplace_back(name, entry.substr(blank + 1));
  }
  versions.emplace_back("compiler", __VERSION__);
  return versions;
}

}  // namespace

Machine look_at_machine(const std::string& libraries) {
  utsname system{};
  uname(&system);
  Machine machine{.host = base::host_name(),
                  .cpu = value_of("/proc/cpuinfo", "model name"),
                  .kernel = system.release,
                  .governor = first_line("/sys/devices/system/cpu/cpu0/cpufreq/scaling_governor"),
                  .cores = static_cast<unsigned>(std::max(1L, sysconf(_SC_NPROCESSORS_ONLN))),
                  .cores_limit = static_cast<double>(base::usable_cores()),
                  .memory_bytes = kibibytes("MemTotal"),
                  .versions = versions_of(libraries)};
  if (const std::uint64_t limit = group_limit(); limit > 0)
    machine.memory_bytes = std::min(machine.memory_bytes, limit);
  std::istringstream(first_line("/proc/loadavg")) >> machine.load_before;
  return machine;
}

std::uint64_t available_memory() {
  std::uint64_t available = kibibytes("MemAvailable");
  if (const std::uint64_t limit = group_limit(); limit > 0) {
    const std::uint64_t used = number_in("/sys/fs/cgroup/memory.current");
    available = std::min(available, limit > used ? limit - used : 0);
  }
  return available;
}

}  // namespace brigade::experiment
