#include <gtest/gtest.h>

#include "client/cli/exit_code.h"

namespace brigade::cli {
namespace {

JobSummary over(std::uint64_t ok, std::uint64_t failed) {
  JobSummary job;
  job.state = JobState::done;
  job.tasks = ok + failed;
  job.ok = ok;
  job.failed = failed;
  return job;
}

TEST(ExitCode, IsZeroWhenAllTasksAreOk) {
  EXPECT_EQ(exit_code_of(over(3, 0)), 0);
}

TEST(ExitCode, IsOneWhenSomeTasksFailed) {
  EXPECT_EQ(exit_code_of(over(3, 1)), 1);
}

TEST(ExitCode, IsOneWhenADeadlineCutTheRest) {
  JobSummary job = over(3, 0);
  job.tasks = 5;
  job.cancelled = 2;
  job.by_status[static_cast<std::size_t>(TaskStatus::deadline)] = 2;
  EXPECT_EQ(exit_code_of(job), 1);
}

TEST(ExitCode, IsSixWhenTheJobWasCancelledOnRequest) {
  JobSummary job = over(3, 1);
  job.state = JobState::cancelled;
  job.cancelled = 2;
  job.by_status[static_cast<std::size_t>(TaskStatus::cancelled)] = 2;
  EXPECT_EQ(exit_code_of(job), 6);
}

TEST(ExitCode, OfErrorsFollowsTheDocumentedTable) {
  EXPECT_EQ(exit_code_of(ErrorCode::invalid), 2);
  EXPECT_EQ(exit_code_of(ErrorCode::not_found), 2);
  EXPECT_EQ(exit_code_of(ErrorCode::conflict), 2);
  EXPECT_EQ(exit_code_of(ErrorCode::unavailable), 3);
  EXPECT_EQ(exit_code_of(ErrorCode::unauthorised), 4);
  EXPECT_EQ(exit_code_of(ErrorCode::cancelled), 130);
}

TEST(ExitCode, OfSeveralJobsIsTheFirstOfSixSevenFiveOne) {
  EXPECT_EQ(worse(kOk, kOk), 0);
  EXPECT_EQ(worse(kOk, kSomeFailed), 1);
  EXPECT_EQ(worse(kSomeFailed, kTimedOut), 5);
  EXPECT_EQ(worse(kTimedOut, kNeverRuns), 7);
  EXPECT_EQ(worse(kNeverRuns, kCancelled), 6);
  EXPECT_EQ(worse(kCancelled, kSomeFailed), 6);
}

}  // namespace
}  // namespace brigade::cli
