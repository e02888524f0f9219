// When which worker ran what: lanes for the report page, and a trace that Perfetto and chrome://tracing open.
#pragma once

#include "client/experiment/record.h"

namespace brigade::experiment {

/// {"lanes": [{"name": "w1 slot 0", "events": [[start_ms, duration_ms, index], …]}, …]}: tasks that overlap are in
/// different lanes.
Json timeline_json(const std::vector<TimelineEvent>& events);

/// Chrome's trace format: a process per cell, a thread per lane, and for the first tasks of each cell what they waited
/// for.
Json trace_json(const Measured& measured);

}  // namespace brigade::experiment
