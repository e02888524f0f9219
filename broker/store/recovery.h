// What the index says of every job, read once at the start. Reads no payload.
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <set>

#include "broker/store/database.h"
#include "broker/store/store.h"

namespace brigade::broker {

struct RecoveredIndex {
  std::vector<RecoveredJob> jobs;          ///< in the order of their opening
  std::map<JobId, std::uint64_t> numbers;  ///< their numbers in the index
  std::deque<std::uint64_t> forgotten;     ///< job numbers whose rows are not all deleted yet
  std::uint64_t next_number = 1;           ///< above all of these
};

/// An error when a row is damaged or missing: a job is never recovered in part.
Result<RecoveredIndex> recover(Database& database);

}  // namespace brigade::broker
