#include "proto/base/memory.h"

#include <malloc.h>
#include <unistd.h>

#include <algorithm>
#include <fstream>
#include <sstream>
#include <string>

namespace brigade::base {
namespace {

namespace fs = std::filesystem;

/// A group is bound by its ancestors' limits too; what is not visible in a container is skipped. Version 2 says "max"
/// for none, version 1 a number beyond any machine's memory.
std::optional<std::uint64_t> least_in_groups(const fs::path& root, fs::path path, const char* name) {
  std::optional<std::uint64_t> least;
  for (;;) {
    std::uint64_t bytes = 0;
    std::ifstream file(root / path.relative_path() / name);
    if (file >> bytes) least = std::min(least.value_or(bytes), bytes);
    if (!path.has_relative_path()) return least;
    path = path.parent_path();
  }
}

}  // namespace

std::optional<std::uint64_t> limited_memory(std::string_view membership, const fs::path& mount) {
  std::optional<std::uint64_t> least;
  const auto lower = [&least](std::optional<std::uint64_t> bytes) {
    if (bytes) least = std::min(least.value_or(*bytes), *bytes);
  };
  std::istringstream lines{std::string(membership)};
  for (std::string line; std::getline(lines, line);) {  // "0::/a/b" (version 2) or "9:memory:/a/b" (version 1)
    const std::size_t first = line.find(':');
    const std::size_t second = line.find(':', first + 1);
    if (first == std::string::npos || second == std::string::npos) continue;
    const std::string controllers = line.substr(first + 1, second - first - 1);
    const fs::path path = line.substr(second + 1);
    if (controllers.empty()) lower(least_in_groups(mount, path, "memory.max"));
    if (controllers == "memory") lower(least_in_groups(mount / "memory", path, "memory.limit_in_bytes"));
  }
  return least;
}

std::uint64_t usable_memory() {
  std::ostringstream membership;
  membership << std::ifstream("/proc/self/cgroup").rdbuf();
  const std::uint64_t machine =
      static_cast<std::uint64_t>(sysconf(_SC_PHYS_PAGES)) * static_cast<std::uint64_t>(sysconf(_SC_PAGESIZE));
  return std::min(machine, limited_memory(membership.str(), "/sys/fs/cgroup").value_or(machine));
}

void keep_freed_memory() {
  // Both are set: either alone ends the allocator's own way of finding them.
  mallopt(M_MMAP_THRESHOLD, 16 << 20);
  mallopt(M_TRIM_THRESHOLD, 32 << 20);
}

}  // namespace brigade::base
