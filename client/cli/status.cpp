// `brigade status`: how the broker is.
#include "client/cli/commands.h"
#include "client/cli/listing.h"

namespace brigade::cli {

void declare_status(Declare& root) {
  root.command("status", "Show how the broker is", [](Context& context) {
    auto session = connect(context);
    if (!session) return context.fail(session.error());
    auto answer = (*session)->ask(Verb::status, "");
    if (!answer) return context.fail(answer.error());
    if (!answer->status) return context.fail(kNoBroker, "the broker's answer has no status");
    const auto endpoint = find_broker(context);
    return context.print(status_text(*answer->status, endpoint ? endpoint->value_or("") : "", context.format()));
  });
}

}  // namespace brigade::cli
