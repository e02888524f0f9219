// What a job would be: said without submitting it.
#pragma once

#include "client/cli/context.h"
#include "client/cli/kinds.h"

namespace brigade::cli {

/// Prints what `request` comes to: tasks, arguments, and for factorials the size of the results and a task's memory.
ExitCode dry_run(Context& context, JobRequest request);

}  // namespace brigade::cli
