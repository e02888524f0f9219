// A job's summary as the lines at the end of a run. (As JSON: proto/output/summary_json.h.)
#pragma once

#include <string>

#include "proto/model/job.h"
#include "proto/output/summary_json.h"

namespace brigade::output {

/// Total, ok, failed by reason, elapsed, tasks/s, quantiles: a few lines for stderr, each at most about 70 columns.
std::string summary_text(const JobSummary& job, Duration elapsed);

/// "timeout 3, dns 1": why tasks are not ok, most first; empty when all are, or were cancelled on request.
std::string reasons_text(const JobSummary& job);

}  // namespace brigade::output
