// What `brigade experiment` measures and with what: from its options to cells, an interpreter and a cluster.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "client/cli/context.h"
#include "client/cli/experiment_runner.h"
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
  std::string input_sha256;                         ///< Manifest::input_sha256
  bool baseline = false;                            ///< unless --baseline says otherwise
  std::unique_ptr<experiment::DelayServer> server;  ///< of the fetches, where the experiment has one of its own
};

struct ExperimentPlan {
  experiment::Manifest manifest;
  Equipment equipment;
  double estimate_seconds = 0;
};

/// An error where the options contradict each other, the grid is empty, the baseline is not installed, the broker has
/// not the workers that a cell needs, or the machine has too little memory. The workloads move from `experiment` into
/// the plan.
Result<ExperimentPlan> plan_experiment(const Context& context, const ExperimentOptions& options,
                                       Experiment& experiment);

/// A line on the whole and one per cell. `width` 0: as wide as needed.
std::string plan_text(const ExperimentPlan& plan, std::size_t width);

}  // namespace brigade::cli
