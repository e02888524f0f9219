// The process behind `brigade up`: it starts a broker and workers and starts them again when they die.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "proto/model/result.h"
#include "proto/model/time.h"

namespace brigade::cluster {

struct SupervisorOptions {
  std::vector<std::string> broker_arguments;  ///< without the program
  std::vector<std::string> worker_arguments;
  unsigned workers = 1;
  std::string endpoint;  ///< for the access file
  std::filesystem::path state_folder;
  std::filesystem::path log;
};

/// How long to wait before the next start of a program that has ended `deaths` times in a row.
Duration restart_pause(unsigned deaths);

/// Runs until SIGTERM, SIGINT or SIGHUP: the workers finish what they run, then the broker stops; a second signal
/// hurries them. An error: another supervisor runs already, or the broker's first start failed.
Result<void> supervise(const SupervisorOptions& options);

}  // namespace brigade::cluster
