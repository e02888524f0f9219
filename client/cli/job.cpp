// `brigade job JOB`: one job's summary.
#include <memory>

#include "client/cli/commands.h"
#include "client/cli/listing.h"

namespace brigade::cli {

void declare_job(Declare& root) {
  auto jobs = std::make_shared<std::vector<std::string>>();
  Declare command = root.command("job", "Show one job", [jobs](Context& context) {
    if (jobs->size() != 1) return context.fail(kUsage, "job: name one job: an id, a name, or 'last'");
    auto session = connect(context);
    if (!session) return context.fail(session.error());
    auto answer = (*session)->ask(Verb::show_job, jobs->front());
    if (!answer) return context.fail(answer.error());
    if (answer->jobs.empty()) return context.fail(kUsage, "there is no job '" + jobs->front() + "'; see: brigade jobs");
    const JobSpec* spec = answer->specs.empty() ? nullptr : &answer->specs.front();
    return context.print(job_text(answer->jobs.front(), spec, context.format()));
  });
  command.words("JOB", "An id, the unique beginning of one, a name, or 'last'", *jobs);
}

}  // namespace brigade::cli
