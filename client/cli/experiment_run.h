// One `brigade experiment` from its checked options to its exit code.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "client/cli/context.h"
#include "client/cli/experiment_work.h"
#include "client/experiment/delay_server.h"

namespace brigade::cli {

struct ExperimentOptions {
  std::string modes, baseline_modes, workers, threads, io_concurrency, sizes;  ///< lists as they were typed
  std::optional<std::uint64_t> tasks, tasks_per_worker, repeat, warmup;
  std::string baseline;  ///< "python" or "none"; empty: as the experiment is used to
  std::string python;    ///< the interpreter; empty: the usual ones
  std::string results, resume;
  bool dry_run = false;
  bool private_cluster = false;
};

/// A workload and where its grid differs from the usual one.
struct ExperimentWork {
  std::string name, arguments;  ///< in words
  Work work;
  std::optional<unsigned> threads;  ///< of the modes that have threads, where none are asked for
};

struct Experiment {
  std::string kind, title;
  std::vector<ExperimentWork> works;
  bool baseline = false;                            ///< unless --baseline says otherwise
  std::unique_ptr<experiment::DelayServer> server;  ///< of the fetches, where the experiment has one of its own
};

/// Plans, measures, writes the results and prints them.
ExitCode run_experiment(Context& context, const ExperimentOptions& options, Experiment experiment);

/// The words of this program's command line without its name.
std::vector<std::string> own_arguments();

}  // namespace brigade::cli
