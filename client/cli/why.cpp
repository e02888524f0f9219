// `brigade why JOB`: why it is not running or not finished.
#include <memory>

#include "client/cli/commands.h"
#include "client/cli/listing.h"

namespace brigade::cli {

void declare_why(Declare& root) {
  auto jobs = std::make_shared<std::vector<std::string>>();
  Declare command = root.command("why", "Say why a job is not running or not finished", [jobs](Context& context) {
    if (jobs->size() != 1) return context.fail(kUsage, "why: name one job: an id, a name, or 'last'");
    auto session = connect(context);
    if (!session) return context.fail(session.error());
    auto answer = (*session)->ask(Verb::why, jobs->front());
    if (!answer) return context.fail(answer.error());
    return context.print(sentences_text("reasons", answer->reasons, context.format()));
  });
  command.words("JOB", "An id, the unique beginning of one, a name, or 'last'", *jobs);
}

}  // namespace brigade::cli
