// `brigade run factorial N --split K`: N! by two jobs. The tasks of the first compute a part each; the client has them
// all then, and submits the second, whose only task checks and multiplies them.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "client/cli/kinds.h"
#include "client/part_joiner.h"
#include "proto/wire/kinds.h"

namespace brigade::cli {

/// Makes `request` and `options` those of the second job, but for its argument. An error where there is more than one
/// number, or the parts would be too long.
Result<void> plan_split(JobRequest& request, wire::FactorialOptions& options, std::uint64_t parts);

/// The first job, given the second.
JobSpec parts_spec(const JobSpec& merge);

/// Takes the results of the first job as they come, values in parts too.
class PartCollector {
 public:
  void add(const Results& page);
  /// The argument of the merge, once; nothing where not all `parts` have come, or a worker has answered with something
  /// else.
  std::optional<std::string> argument(std::uint64_t parts);

 private:
  void add_rows(const Results& page);

  client::PartJoiner joiner_;
  std::vector<std::string> parts_;
  bool whole_ = true;
};

}  // namespace brigade::cli
