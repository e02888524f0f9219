// `brigade jobs`: what the broker knows.
#include "client/cli/commands.h"
#include "client/cli/listing.h"

namespace brigade::cli {

void declare_jobs(Declare& root) {
  root.command("jobs", "List the jobs of the broker", [](Context& context) {
    auto session = connect(context);
    if (!session) return context.fail(session.error());
    auto answer = (*session)->ask(Verb::list_jobs, "");
    if (!answer) return context.fail(answer.error());
    return context.print(jobs_text(answer->jobs, context.format(), context.table_width()));
  });
}

}  // namespace brigade::cli
