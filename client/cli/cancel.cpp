// `brigade cancel JOB…`: what has not run never will.
#include <memory>

#include "client/cli/commands.h"
#include "client/cli/each_job.h"

namespace brigade::cli {

void declare_cancel(Declare& root) {
  auto jobs = std::make_shared<std::vector<std::string>>();
  Declare command =
      root.command("cancel", "Cancel jobs: what is not done becomes cancelled; results stay", [jobs](Context& context) {
        return ask_for_each(context, *jobs, Verb::cancel, [](const JobSummary& job) {
          const bool over = job.state == JobState::done || job.state == JobState::cancelled;
          return std::string(over ? "was over already" : "is cancelled");
        });
      });
  command.words("JOB", "Ids, unique beginnings of ids, names, or 'last'", *jobs);
}

}  // namespace brigade::cli
