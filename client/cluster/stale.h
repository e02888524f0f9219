// What killed runs have left behind.
#pragma once

#include <filesystem>

namespace brigade::cluster {

inline constexpr char kPrivatePrefix[] = "brigade-private-";

/// Removes this user's private folders below `parent` that no living client and no living broker has locked.
void sweep_stale_folders(const std::filesystem::path& parent);

}  // namespace brigade::cluster
