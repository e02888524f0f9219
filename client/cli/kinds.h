// The kinds of tasks as they are typed: `factorial 1..10 --as hex`.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "client/cli/context.h"
#include "client/cli/declare.h"
#include "client/cli/job_options.h"
#include "client/cli/task_source.h"

namespace brigade::cli {

/// Everything that makes a job, ready to be submitted.
struct JobRequest {
  JobSpec spec;
  TaskSource source;                   ///< for a range too: it can be walked through
  std::optional<std::uint64_t> tasks;  ///< nullopt: not known before the end of a pipe
  std::optional<Largest> largest;      ///< numeric argument; nullopt as above or not numeric
  bool show_body = false;              ///< fetch: the body belongs into the results
  std::string save_folder;             ///< fetch: empty for none
  bool split = false;                  ///< factorial: in parts first, which the spec's task then merges (split.h)
};

/// Turns a request into a job: run or submit.
using UseRequest = std::function<ExitCode(Context&, JobRequest)>;

/// Declares all kinds below `command`. `waits`: whether --save and --split are offered, which are for a client that is
/// there when the results come.
void declare_kinds(Declare& command, const std::shared_ptr<JobOptions>& options, bool waits, const UseRequest& use);

}  // namespace brigade::cli
