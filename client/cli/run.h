// `brigade run`: submit, show progress, print results, exit.
#pragma once

#include <optional>
#include <string>

#include "client/cli/context.h"
#include "client/cli/kinds.h"

namespace brigade::cli {

struct RunOptions {
  bool private_cluster = false;
  std::optional<std::uint64_t> workers, threads, io_concurrency;
  std::string fetch_cache;  ///< a folder of the workers; empty: none
  std::optional<std::uint64_t> fetch_cache_size;
  std::string order = "input";
  std::string out;
  std::string report;  ///< a page for the browser; empty: none
  bool resume = false;
  bool dry_run = false;
};

ExitCode run_job(Context& context, const RunOptions& options, JobRequest request);

}  // namespace brigade::cli
