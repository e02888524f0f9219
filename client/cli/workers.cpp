// `brigade workers`: who is connected.
#include "client/cli/commands.h"
#include "client/cli/listing.h"

namespace brigade::cli {

void declare_workers(Declare& root) {
  root.command("workers", "List the connected workers", [](Context& context) {
    auto session = connect(context);
    if (!session) return context.fail(session.error());
    auto answer = (*session)->ask(Verb::list_workers, "");
    if (!answer) return context.fail(answer.error());
    return context.print(workers_text(answer->workers, context.format(), context.table_width()));
  });
}

}  // namespace brigade::cli
