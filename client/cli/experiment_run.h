// One `brigade experiment` from its checked options to its exit code.
#pragma once

#include "client/cli/experiment_plan.h"

namespace brigade::cli {

/// Plans, measures, writes the results and prints them.
ExitCode run_experiment(Context& context, const ExperimentOptions& options, Experiment experiment);

}  // namespace brigade::cli
