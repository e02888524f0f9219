// `brigade version`: this program, its protocol, the libraries it was built with.
#include "proto/base/version.h"
#include "client/cli/commands.h"
#include "client/cli/listing.h"
#include "proto/model/messages.h"

namespace brigade::cli {

std::string version_line() {
  return "brigade " + std::string(base::version()) + "\n";
}

void declare_version(Declare& root) {
  root.command("version", "Show the version, the protocol and the libraries", [](Context& context) {
    if (context.format() == output::Format::quiet) return context.print(std::string(base::version()) + "\n");
    return context.print(fields_text({{"brigade", std::string(base::version())},
                                      {"protocol", std::to_string(kProtocolVersion)},
                                      {"libraries", BRIGADE_LIBRARIES},
                                      {"compiler", __VERSION__}},
                                     context.format()));
  });
}

}  // namespace brigade::cli
