// Verifies a store's folder: every row, every record, and that they fit together. See OPERATING.md for what it
// promises.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>

#include "broker/store/inspection.h"

namespace brigade::broker {

/// What was found of one job.
struct CheckedJob {
  std::uint64_t number = 0;
  JobId id;  ///< 0: its row is damaged
  std::string name, kind;
  bool sealed = false, finished = false;
  std::uint64_t tasks = 0;  ///< of an upload: so far
  std::uint64_t done = 0;   ///< tasks with a result
  std::uint64_t records = 0;
  std::uint64_t bytes = 0;    ///< of its records
  std::uint64_t damages = 0;  ///< more may have been found than were reported one by one
};

/// Where the findings go, as they are made. A job's damages come before the job.
struct CheckSink {
  std::function<void(const CheckedJob&)> job;
  ReportDamage damage;
  std::function<void(const std::string&)> note;  ///< worth knowing, but no damage
};

struct CheckTotals {
  std::uint64_t jobs = 0, tasks = 0, done = 0, records = 0, bytes = 0, damages = 0;
  std::uint64_t commits = 0;  ///< the number of the latest one
};

/// Checks the folder, with or without a broker at work in it. Memory: a page of rows, the largest record, and the set
/// of finished tasks of one job. An error: the folder is no state folder, or has a version that this program does not
/// know.
Result<CheckTotals> check_store(const std::filesystem::path& folder, const CheckSink& sink);

}  // namespace brigade::broker
