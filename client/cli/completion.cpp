// `brigade completion SHELL`: a script for the shell to read.
#include <memory>

#include "client/cli/commands.h"
#include "client/cli/context.h"
#include "client/cli/tree.h"

namespace brigade::cli {

void declare_completion(Declare& root, CLI::App& tree) {
  auto shells = std::make_shared<std::vector<std::string>>();
  Declare command =
      root.command("completion", "Print a completion script for bash, zsh or fish", [shells, &tree](Context& context) {
        const bool known =
            shells->size() == 1 && (shells->front() == "bash" || shells->front() == "zsh" || shells->front() == "fish");
        if (!known) return context.fail(kUsage, "completion: name the shell: bash, zsh or fish");
        return context.print(completion_script(tree, shells->front()));
      });
  command.words("SHELL", "bash, zsh or fish", *shells);
  command.examples("  source <(brigade completion bash)\n  brigade completion fish | source\n");
}

}  // namespace brigade::cli
