// The file through which later commands find the cluster that `brigade up` started.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>

#include "proto/model/result.h"

namespace brigade::cluster {

struct Access {
  std::string endpoint;
  pid_t pid = -1;                 ///< of the supervisor
  std::uint64_t start_ticks = 0;  ///< see start_ticks(): a recycled number is never mistaken for it
  std::string state_folder;
  std::string log;
  unsigned workers = 0;
  bool operator==(const Access&) const = default;
};

/// $XDG_RUNTIME_DIR/brigade/access.json, else access.json in the state folder.
std::filesystem::path access_path();

/// The cluster that is up; nullopt when there is no file, or its supervisor is gone (the file is then of no meaning).
/// An error: the file is damaged, or belongs to somebody else.
Result<std::optional<Access>> read_access(const std::filesystem::path& path);
/// Whole or not at all, mode 0600.
Result<void> write_access(const std::filesystem::path& path, const Access& access);
void remove_access(const std::filesystem::path& path);

}  // namespace brigade::cluster
