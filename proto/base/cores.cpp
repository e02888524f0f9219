#include "proto/base/cores.h"

#include <sched.h>

#include <algorithm>
#include <cerrno>
#include <cstddef>
#include <fstream>
#include <sstream>
#include <string>

#include "proto/base/os.h"

namespace brigade::base {
namespace {

namespace fs = std::filesystem;

// Tells quota and period of one group in microseconds, where it has both.
struct Quota {
  double quota = 0;
  double period = 0;
};

std::optional<Quota> read_v2(const fs::path& group) {
  Quota quota;
  std::ifstream file(group / "cpu.max");  // "max 100000" or "150000 100000"
  if (file >> quota.quota >> quota.period) return quota;
  return std::nullopt;
}

std::optional<Quota> read_v1(const fs::path& group) {
  Quota quota;
  std::ifstream quota_file(group / "cpu.cfs_quota_us");  // -1: none
  std::ifstream period_file(group / "cpu.cfs_period_us");
  if (quota_file >> quota.quota && period_file >> quota.period) return quota;
  return std::nullopt;
}

// A group is bound by its ancestors' quotas too. In a container the path may name groups that are not visible: they are
// skipped, and the mount's root is the container's own group.
template <class Read>
std::optional<unsigned> least_in_path(const fs::path& root, fs::path path, Read read) {
  std::optional<unsigned> least;
  for (;;) {
    const auto quota = read(root / path.relative_path());
    if (quota && quota->quota > 0 && quota->period > 0) {
      const double cores = std::min(quota->quota / quota->period, 65'536.0);
      const auto whole = std::max(1u, static_cast<unsigned>(cores + 0.999));
      least = std::min(least.value_or(whole), whole);
    }
    if (!path.has_relative_path()) return least;
    path = path.parent_path();
  }
}

bool lists_cpu(std::string_view controllers) {
  std::istringstream list{std::string(controllers)};
  for (std::string name; std::getline(list, name, ',');)
    if (name == "cpu") return true;
  return false;
}

unsigned affinity_cores() {
  for (std::size_t cpus = 1024; cpus <= 1024 * 1024; cpus *= 2) {
    cpu_set_t* set = CPU_ALLOC(cpus);
    if (set == nullptr) break;
    const std::size_t bytes = CPU_ALLOC_SIZE(cpus);
    const bool known = ::sched_getaffinity(0, bytes, set) == 0;
    const int failure = errno;
    const unsigned count = known ? static_cast<unsigned>(CPU_COUNT_S(bytes, set)) : 0;
    CPU_FREE(set);
    if (known) return std::max(1u, count);
    if (failure != EINVAL) break;  // EINVAL: the machine has more CPUs than the set
  }
  return 1;
}

}  // namespace

std::optional<unsigned> quota_cores(std::string_view membership, const fs::path& mount) {
  std::optional<unsigned> least;
  const auto lower = [&least](std::optional<unsigned> cores) {
    if (cores) least = std::min(least.value_or(*cores), *cores);
  };
  std::istringstream lines{std::string(membership)};
  for (std::string line; std::getline(lines, line);) {  // "0::/a/b" (version 2) or "4:cpu,cpuacct:/a/b" (version 1)
    const std::size_t first = line.find(':');
    const std::size_t second = line.find(':', first + 1);
    if (first == std::string::npos || second == std::string::npos) continue;
    const std::string controllers = line.substr(first + 1, second - first - 1);
    const fs::path path = line.substr(second + 1);
    if (controllers.empty()) lower(least_in_path(mount, path, read_v2));
    if (lists_cpu(controllers)) {
      lower(least_in_path(mount / "cpu", path, read_v1));
      lower(least_in_path(mount / controllers, path, read_v1));
    }
  }
  return least;
}

unsigned usable_cores() {
  std::ostringstream membership;
  membership << std::ifstream("/proc/self/cgroup").rdbuf();
  const unsigned cores = affinity_cores();
  return std::min(cores, quota_cores(membership.str(), "/sys/fs/cgroup").value_or(cores));
}

}  // namespace brigade::base
