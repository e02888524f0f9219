// What becomes the exit code of which outcome: the one place that says so.
#pragma once

#include "proto/model/job.h"
#include "proto/model/result.h"

namespace brigade::cli {

enum ExitCode : int {
  kOk = 0,
  kSomeFailed = 1,
  kUsage = 2,     ///< usage, bad input, or a file that cannot be written
  kNoBroker = 3,  ///< no broker, no worker within --connect-timeout, or the private broker died
  kNotAuthorised = 4,
  kTimedOut = 5,   ///< `wait` did; the job still runs
  kCancelled = 6,  ///< on request
  kNeverRuns = 7,  ///< over every worker's limit, or no worker offers the kind
  kInterrupted = 130,
  kClosedPipe = 141,  ///< the reader of standard output went away: what SIGPIPE would have been
};

constexpr ExitCode exit_code_of(ErrorCode code) {
  switch (code) {
    case ErrorCode::invalid:
    case ErrorCode::not_found:
    case ErrorCode::conflict:
    case ErrorCode::too_large:
      return kUsage;
    case ErrorCode::unavailable:
    case ErrorCode::storage:
    case ErrorCode::malformed:
    case ErrorCode::internal:
      return kNoBroker;
    case ErrorCode::unauthorised:
      return kNotAuthorised;
    case ErrorCode::cancelled:
      return kInterrupted;
    case ErrorCode::unsuitable:
      return kNeverRuns;
  }
  return kNoBroker;
}

/// Of a job that is final. Tasks that a deadline or --max-fails cut count as failed ones.
inline ExitCode exit_code_of(const JobSummary& job) {
  if (job.by_status[static_cast<std::size_t>(TaskStatus::cancelled)] > 0) return kCancelled;
  if (job.state == JobState::cancelled && job.failed + job.cancelled == 0) return kCancelled;
  return job.failed + job.cancelled > 0 ? kSomeFailed : kOk;
}

/// Of several jobs: the first of 6, 7, 5, 1 that occurs.
constexpr ExitCode worse(ExitCode a, ExitCode b) {
  for (const ExitCode code : {kCancelled, kNeverRuns, kTimedOut, kSomeFailed}) {
    if (a == code || b == code) return code;
  }
  return a == kOk ? b : a;
}

}  // namespace brigade::cli
