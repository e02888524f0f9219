// `brigade forget JOB…`: a job and its results leave the broker.
#include <memory>

#include "client/cli/commands.h"
#include "client/cli/each_job.h"

namespace brigade::cli {

void declare_forget(Declare& root) {
  auto jobs = std::make_shared<std::vector<std::string>>();
  Declare command =
      root.command("forget", "Remove finished jobs and their results from the broker", [jobs](Context& context) {
        return ask_for_each(context, *jobs, Verb::forget,
                            [](const JobSummary&) { return std::string("is forgotten"); });
      });
  command.words("JOB", "Ids, unique beginnings of ids, names, or 'last'", *jobs);
}

}  // namespace brigade::cli
