// Records as JSON and back.
#pragma once

#include "client/experiment/record.h"

namespace brigade::experiment {

Json to_json(const Cell& cell);
Json to_json(const Machine& machine);
Json to_json(const Manifest& manifest);
/// With the cell's own columns, so that every row stands alone.
Json to_json(const RunRecord& run, const Cell& cell);
Json to_json(const Breakdown& breakdown);
Json to_json(const RunDetails& details);

/// An error where a member is missing or of another type.
Result<Manifest> manifest_of(const std::string& text);
Result<RunRecord> run_of(const std::string& line);
Result<RunDetails> details_of(const std::string& line);

}  // namespace brigade::experiment
