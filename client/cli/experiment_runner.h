// Measures the runs of an experiment one after another: each on processes that were started for it, or on so many of
// the workers of a broker that is there already.
#pragma once

#include <map>
#include <string>

#include "client/cli/context.h"
#include "client/cli/experiment_work.h"
#include "client/cli/interrupts.h"
#include "client/experiment/baseline.h"
#include "client/experiment/plan.h"
#include "client/experiment/record.h"

namespace brigade::cli {

/// What all runs share.
struct Equipment {
  std::map<std::string, Work> works;  ///< by workload
  std::optional<experiment::Python> python;
  std::string endpoint;  ///< of a broker that is there already; empty: a private cluster for each run
};

struct MeasuredRun {
  experiment::RunRecord record;
  experiment::RunDetails details;
};

class ExperimentRunner {
 public:
  ExperimentRunner(Context& context, const Equipment& equipment) : context_(context), equipment_(equipment) {}

  /// Warm-up passes and the measured one. ErrorCode::cancelled: interrupted, nothing is lost but this run.
  Result<MeasuredRun> measure(const experiment::Cell& cell, unsigned repeat, unsigned warmup);

 private:
  struct Stage;  // a cluster and a session with it
  Result<void> set_up(const experiment::Cell& cell, Stage& stage);
  Result<void> check_workers(const experiment::Cell& cell, Stage& stage);
  Result<MeasuredRun> pass(const experiment::Cell& cell, Stage& stage);
  Result<MeasuredRun> measure_brigade(const experiment::Cell& cell, unsigned warmup);
  Result<MeasuredRun> measure_python(const experiment::Cell& cell, unsigned warmup);
  JobSpec spec_of(const experiment::Cell& cell, Stage& stage) const;
  Error reason(const Error& error, Stage& stage);
  void clear_up(Stage& stage);

  Context& context_;
  const Equipment& equipment_;
};

}  // namespace brigade::cli
