// `brigade run --report FILE.html`: the page of experiments for one job.
#pragma once

#include <string>
#include <vector>

#include "client/experiment/task_times.h"
#include "proto/base/os.h"
#include "proto/model/job.h"
#include "proto/model/messages.h"

namespace brigade::cli {

/// Watches a job from just before its submit to its end.
class RunReport {
 public:
  /// An error where the file cannot be written: better known before the job than after it.
  static Result<RunReport> open(const std::string& path);

  /// Just before the submit. `tasks` 0: not known.
  void begin(std::uint64_t tasks);
  /// The submit was answered.
  void accepted() { accepted_ = base::monotonic_now(); }
  void add(const Results& page);

  /// Writes the page: whole or not at all. `job` is final, `workers` are those that could run it.
  Result<void> write(const JobSummary& job, const std::vector<WorkerSummary>& workers, Duration elapsed) const;

 private:
  explicit RunReport(std::string path) : path_(std::move(path)), times_(Now{}, 0) {}

  std::string path_;
  Now begun_{};
  Instant accepted_{};
  experiment::TaskTimes times_;
};

}  // namespace brigade::cli
