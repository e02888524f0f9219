// The command line of brigade-worker.
#pragma once

#include <string>
#include <variant>
#include <vector>

#include "proto/model/time.h"
#include "worker/kinds/table.h"

namespace brigade::worker {

struct Options {
  std::string broker = "tcp://127.0.0.1:5757";
  std::string name;  ///< HOST-PID where none is given
  std::uint32_t threads = 0;
  std::uint32_t io_concurrency = 256;
  std::uint32_t io_threads = 1;
  std::vector<std::string> kinds;  ///< empty: all
  KindSettings settings;
  Duration drain = std::chrono::seconds(30);
  Duration idle_timeout{};
  Duration time_limit{};
  std::string log_level;
};

/// The options, or the exit code with which to end now (everything was said already).
std::variant<Options, int> read_options(int argc, char** argv);

/// Whether a process that may open so many files can have so many transfers in flight.
Result<void> check_files(const Options& options, std::uint64_t files_max);

}  // namespace brigade::worker
