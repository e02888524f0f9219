// The command line of brigade-broker.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "broker/admin/commands.h"
#include "broker/core/settings.h"

namespace brigade::broker {

struct Options {
  std::vector<std::string> listen;
  std::filesystem::path state;           ///< the store's folder
  std::filesystem::path private_folder;  ///< empty, or: serve one client's cluster here and remove it at the end
  bool synced = true;                    ///< what is acknowledged survives the machine
  bool ephemeral = false;
  bool insecure_listen = false;
  std::uint64_t memory = std::uint64_t{1} << 30;  ///< for what waits for the disk, uploads and caches
  std::uint64_t cache_bytes = 0;                  ///< of it, for arguments and for results each
  std::string log_level;
  Settings settings;

  bool durable() const { return !ephemeral && synced; }
};

/// What the command line asks for: to serve, an operator's command, or to end now with this exit code (everything was
/// said already).
using Ordered = std::variant<Options, CheckOrder, BackupOrder, ExportOrder, int>;
Ordered read_options(int argc, char** argv);

}  // namespace brigade::broker
