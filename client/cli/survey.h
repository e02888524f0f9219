// Before a job is submitted: is there anybody who could run it?
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "client/cli/interrupts.h"
#include "client/cli/task_source.h"
#include "client/session.h"
#include "proto/model/job.h"

namespace brigade::cli {

/// What the connected workers that take work can do for one kind.
struct Suitability {
  std::size_t workers = 0;  ///< connected and not draining
  std::size_t draining = 0;
  std::size_t offering = 0;                   ///< of the workers
  std::optional<std::uint64_t> argument_max;  ///< of the most capable worker; nullopt: no limit
};
Suitability suitability_of(const std::vector<WorkerSummary>& workers, const std::string& kind);

/// ErrorCode::unsuitable: none of the workers offers the kind, or `largest` is over the limit of each. Where no worker
/// is connected, one may still come that can.
Result<void> check_suitable(const Suitability& found, const std::string& kind, const std::optional<Largest>& largest);
/// The same for each task of a source whose largest is not known before its end.
TaskSource suitable_only(TaskSource source, Suitability found, std::string kind);

/// Asks once.
Result<Suitability> ask_suitability(client::Session& session, const std::string& kind);

/// Asks until so many workers are connected or `patience` is over (ErrorCode::unavailable). ErrorCode::cancelled: a
/// signal came.
Result<Suitability> await_workers(client::Session& session, Interrupts& interrupts, const std::string& kind,
                                  std::size_t least, Duration patience);

}  // namespace brigade::cli
