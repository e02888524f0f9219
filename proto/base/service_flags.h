// The command line of the services: values with units, the environment, and errors as every Brigade program gives them.
#pragma once

#include <CLI/CLI.hpp>
#include <optional>
#include <string>

#include "proto/model/time.h"

namespace brigade::base {

inline constexpr int kExitUsage = 2;

/// An option whose value is written with a unit ("30s"). `variable` is its environment variable.
CLI::Option* add_duration(CLI::App& app, const std::string& name, Duration& value, const std::string& description,
                          const std::string& variable);
/// Likewise for sizes ("64MiB").
CLI::Option* add_size(CLI::App& app, const std::string& name, std::uint64_t& value, const std::string& description,
                      const std::string& variable);

/// Parses the command line. A value: the program is to end with this exit code (help and version were printed, or
/// one line that says what is wrong).
std::optional<int> parse(CLI::App& app, int argc, char** argv);

}  // namespace brigade::base
