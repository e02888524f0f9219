// The options that every job may have, whatever its kind, and where its results go.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "client/cli/declare.h"
#include "proto/model/job.h"

namespace brigade::cli {

struct JobOptions {
  std::string mode = "auto";
  std::optional<Duration> timeout, deadline, backoff;
  std::optional<std::uint64_t> retries, max_workers, per_worker;
  std::string max_fails;
  std::optional<std::int64_t> priority;
  bool hedge = false;
  std::string name, key;
};

/// Declares them on `run` or `submit`.
void declare_job_options(Declare& command, JobOptions& options);

/// "3" or "10%".
Result<FailLimit> parse_fail_limit(const std::string& text);

/// What of the options belongs into a job's spec. `retries_default`: of the kind.
Result<void> apply_job_options(const JobOptions& options, JobSpec& spec);

}  // namespace brigade::cli
