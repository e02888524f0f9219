#include "client/cli/each_job.h"

namespace brigade::cli {

ExitCode ask_for_each(Context& context, const std::vector<std::string>& names, Verb verb,
                      const std::function<std::string(const JobSummary&)>& say) {
  if (names.empty()) return context.fail(kUsage, "name at least one job: an id, a name, or 'last'");
  auto session = connect(context);
  if (!session) return context.fail(session.error());
  std::vector<JobSummary> jobs;
  for (const std::string& name : names) {
    auto job = show_job(**session, name);
    if (!job) return context.fail(job.error());
    jobs.push_back(*std::move(job));
  }
  for (const JobSummary& job : jobs) {
    const std::string id = to_string(job.id);
    auto answer = (*session)->ask(verb, id);
    if (!answer) return context.fail(answer.error());
    context.note("job " + id + " " + say(job));
  }
  return kOk;
}

}  // namespace brigade::cli
