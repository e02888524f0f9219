// `brigade drain WORKER|--all`: workers finish what they run, and leave.
#include <memory>

#include "client/cli/commands.h"
#include "client/cli/context.h"

namespace brigade::cli {
namespace {

struct DrainOptions {
  std::vector<std::string> workers;
  bool all = false;
};

ExitCode drain(Context& context, const DrainOptions& options) {
  if (options.workers.empty() != options.all) {
    return context.fail(kUsage, "drain: name workers, or give --all (not both); see: brigade workers");
  }
  auto session = connect(context);
  if (!session) return context.fail(session.error());
  const std::vector<std::string> subjects = options.all ? std::vector<std::string>{""} : options.workers;
  for (const std::string& subject : subjects) {
    auto answer = (*session)->ask(Verb::drain, subject);
    if (!answer) return context.fail(answer.error());
    context.note(subject.empty() ? "all workers drain" : "worker " + subject + " drains");
  }
  return kOk;
}

}  // namespace

void declare_drain(Declare& root) {
  auto options = std::make_shared<DrainOptions>();
  Declare command = root.command(
      "drain", "Let workers finish what they run, take nothing new, and leave",
      [options](Context& context) { return drain(context, *options); }, "DRAIN_");
  command.words("WORKER", "Names of workers", options->workers);
  command.flag({"--all", "All workers"}, options->all);
}

}  // namespace brigade::cli
