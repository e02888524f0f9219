// summary.json (docs/experiment.schema.json): every figure of an experiment, computed from its runs.
#pragma once

#include <string>

#include "client/experiment/record.h"

namespace brigade::experiment {

inline constexpr const char* kSummarySchema = "brigade-experiment/1";

/// "threads, 1 worker x 2 threads", "Python's asyncio, 256 in flight": a cell in words.
std::string words_for(const Cell& cell);

/// The cell that speed-ups of `cell` count from: of the same work, Brigade's serial one, else the one with the fewest
/// slots, Brigade's first. Null where nothing was measured.
const Cell* reference_of(const Measured& measured, const Cell& cell);

/// Tasks per second in relation to the reference cell's (for weak scaling: the scaled speed-up).
std::optional<Interval> speedup_of(const Measured& measured, const Cell& cell);

/// `finished_at`: ISO 8601.
Json summary_of(const Measured& measured, const std::string& finished_at);

}  // namespace brigade::experiment
