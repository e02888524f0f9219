// Commands that do the same to several jobs.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "client/cli/context.h"

namespace brigade::cli {

/// Resolves each name to a job first, so that nothing is done when one of them is not there; then asks `verb` for each.
/// `say`: what is noted on stderr of a job as it was before.
ExitCode ask_for_each(Context& context, const std::vector<std::string>& names, Verb verb,
                      const std::function<std::string(const JobSummary&)>& say);

}  // namespace brigade::cli
