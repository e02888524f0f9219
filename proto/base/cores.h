// How many cores a control group leaves to this process.
#pragma once

#include <filesystem>
#include <optional>
#include <string_view>

namespace brigade::base {

/// The least CPU quota of this process's control groups in whole cores, rounded up, at least 1; none where there is no
/// quota. `membership` is the text of /proc/self/cgroup, `mount` where the hierarchies of version 2 and 1 are mounted.
std::optional<unsigned> quota_cores(std::string_view membership, const std::filesystem::path& mount);

}  // namespace brigade::base
