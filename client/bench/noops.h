// Jobs of tasks that do nothing but answer with their argument, and the check that all of them did.
#pragma once

#include <cstdint>

#include "client/bench/figures.h"
#include "client/session.h"
#include "proto/model/outcome.h"
#include "proto/model/runs.h"

namespace brigade::bench {

/// The argument of a task, as its number and as 8 bytes little-endian.
std::uint64_t argument_of(const Load& load, std::uint64_t index);
JobSpec noop_spec(const Load& load);
/// The arguments in chunks; for a range nothing asks for it.
client::ChunkSource noop_source(const Load& load);
/// What the checksum of all results must be.
std::uint64_t expected_checksum(const Load& load);

/// Takes results and checks each: ok, the task's own argument, and no task twice.
class NoopCheck {
 public:
  explicit NoopCheck(const Load& load) : load_(load) {}
  /// `since_submit`: how long ago the job was submitted.
  Result<void> add(const Results& page, Duration since_submit);
  /// Whether every task had its result.
  Result<void> finish() const;

  std::uint64_t checksum() const { return checksum_; }
  /// From the submit to the arrival of the result.
  const Histogram& latency_ms() const { return latency_ms_; }

 private:
  Load load_;
  RunSet seen_;
  std::uint64_t checksum_ = 0;
  Histogram latency_ms_;
};

}  // namespace brigade::bench
