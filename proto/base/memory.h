// How much memory a control group or the machine leaves to this process, and what it does with memory that it frees.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string_view>

namespace brigade::base {

/// The least memory limit of this process's control groups; none where there is no limit. `membership` and `mount` as
/// in quota_cores().
std::optional<std::uint64_t> limited_memory(std::string_view membership, const std::filesystem::path& mount);

/// That limit, or the machine's memory where that is less.
std::uint64_t usable_memory();

/// From now on this process keeps some tens of MiB that it frees, to use again: a page that the system takes back and
/// gives anew costs as much as copying it, and results pass through large blocks that live for a millisecond.
void keep_freed_memory();

}  // namespace brigade::base
