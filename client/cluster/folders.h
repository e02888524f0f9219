// Where the client keeps things: runtime folder, state folder, configuration.
#pragma once

#include <filesystem>
#include <optional>
#include <string>

#include "proto/model/result.h"

namespace brigade::cluster {

/// $XDG_RUNTIME_DIR where it is a folder that may be written, else /tmp. Short enough for sockets below it.
std::filesystem::path runtime_folder();
/// $XDG_STATE_HOME/brigade, else ~/.local/state/brigade.
std::filesystem::path state_folder();
/// $XDG_CONFIG_HOME/brigade/config.toml, else ~/.config/brigade/config.toml.
std::filesystem::path config_path();

/// Makes the folder and its parents, for this user alone.
Result<void> make_private_folder(const std::filesystem::path& path);

/// A program of ours: beside this one, else found in PATH.
Result<std::string> find_program(const std::string& name);

/// The last lines of a text file, at most `bytes` long; empty when it cannot be read.
std::string tail_of(const std::filesystem::path& path, std::size_t bytes);

}  // namespace brigade::cluster
