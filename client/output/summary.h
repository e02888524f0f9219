// A job's summary: as JSON, as the lines at the end of a run, as the line of progress while it runs.
#pragma once

#include <optional>
#include <string>

#include "proto/model/job.h"

namespace brigade::output {

/// The documented object, on one line. `elapsed`: the client's own measure instead of the broker's.
std::string summary_json(const JobSummary& job, std::optional<Duration> elapsed = std::nullopt);

/// Total, ok, failed by reason, elapsed, tasks/s, quantiles: a few lines for stderr, each at most about 70 columns.
std::string summary_text(const JobSummary& job, Duration elapsed);

/// "timeout 3, dns 1": why tasks are not ok, most first; empty when all are, or were cancelled on request.
std::string reasons_text(const JobSummary& job);

double tasks_per_second(std::uint64_t tasks, Duration elapsed);

}  // namespace brigade::output
