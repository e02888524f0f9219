// A job's summary as JSON.
#pragma once

#include <optional>
#include <string>

#include "proto/model/job.h"

namespace brigade::output {

/// The documented object, on one line. `elapsed`: the client's own measure instead of the broker's.
std::string summary_json(const JobSummary& job, std::optional<Duration> elapsed = std::nullopt);

double tasks_per_second(std::uint64_t tasks, Duration elapsed);

}  // namespace brigade::output
