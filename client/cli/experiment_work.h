// The tasks of an experiment's cells: as they were typed, or as many and as large as the cell says.
#pragma once

#include <string>
#include <vector>

#include "client/cli/kinds.h"
#include "client/experiment/grid.h"
#include "client/experiment/record.h"

namespace brigade::cli {

/// One workload, ready to be submitted any number of times.
class Work {
 public:
  /// Reads all arguments. An error where there are too many to keep, or none.
  static Result<Work> of(JobRequest request);

  const JobSpec& spec() const { return spec_; }
  std::uint64_t typed_tasks() const { return typed_tasks_; }
  /// Of the arguments as they were typed; 0 where they are no numbers.
  std::uint64_t largest() const { return largest_; }
  /// SHA-256 over the tasks and how they are run, in hexadecimal; empty for a range, which its words tell.
  std::string list_sha256() const;
  /// An error where tasks of this kind have no size, or this is none.
  Result<void> check_size(const std::string& size) const;

  /// What to submit for this cell of Brigade's.
  JobSpec spec_of(const experiment::Cell& cell) const;
  /// The arguments of a cell whose spec has no range.
  client::ChunkSource chunks_of(const experiment::Cell& cell) const;
  /// The same work for Python: numbers or texts. An error where Python's side cannot do it.
  Result<experiment::Json> python_arguments(const experiment::Cell& cell) const;
  /// How a factorial is given back ("decimal"); empty for other kinds.
  std::string form() const;

 private:
  std::optional<Arithmetic> range_of(const experiment::Cell& cell) const;
  std::string argument_of(const experiment::Cell& cell, std::uint64_t index) const;

  JobSpec spec_;
  std::vector<std::string> arguments_;  // of a list; tasks beyond it begin again
  std::uint64_t typed_tasks_ = 0;
  std::uint64_t largest_ = 0;
};

}  // namespace brigade::cli
