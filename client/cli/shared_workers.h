// The workers of a broker that is there already, as an experiment may use them: so many at a time, none started anew.
#pragma once

#include <string>
#include <vector>

#include "client/cli/context.h"
#include "client/experiment/grid.h"

namespace brigade::cli {

/// Which numbers of a cell somebody has typed; the others stand for all that there is.
struct TypedCounts {
  bool threads = false, io_concurrency = false;
};

struct SharedWorkers {
  std::string endpoint;
  std::vector<WorkerSummary> workers;  ///< that take work

  /// Those that offer the kind.
  std::vector<const WorkerSummary*> offering(const std::string& kind) const;
  /// The most slots that one of these has.
  std::uint32_t most_slots(const std::string& kind, Lane lane) const;
  /// Whether these differ in their slots.
  bool differ(const std::string& kind) const;
  /// An error, with what is there and what to do, where the cell needs more workers than offer its kind, or more of one
  /// of them than it has: any of them may be chosen.
  Result<void> check(const experiment::Cell& cell, const std::string& kind, const TypedCounts& typed) const;
};

/// Asks the broker. An error where nobody is connected.
Result<SharedWorkers> look_at_workers(const Context& context, const std::string& endpoint);

}  // namespace brigade::cli
