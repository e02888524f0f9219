// What is written down of an experiment, and its folder.
//
//   experiment.json   what is measured: the cells, how often, in which order, on which machine (written first)
//   results.ndjson    one line per run, appended as soon as it is measured: all else can be made again from these two
//   details.ndjson    per run how long its tasks took, and of each cell's first run a timeline
//   results.csv, summary.json, trace.json, report.html   made from the above at the end
#pragma once

#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "client/experiment/grid.h"
#include "client/experiment/machine.h"
#include "client/experiment/statistics.h"
#include "client/experiment/task_times.h"

namespace brigade::experiment {

using Json = nlohmann::ordered_json;

struct Workload {
  std::string name, arguments;
  std::uint64_t tasks = 0;
};

/// What is fixed before the first run.
struct Manifest {
  std::string id;  ///< of what is asked for: the same for the same question, whenever and wherever
  std::string title, kind, command, started_at;
  std::vector<std::string> arguments;  ///< the command line as it was, for --resume
  unsigned repeat = 5, warmup = 1;
  bool weak = false;       ///< tasks grow with the workers
  std::uint64_t seed = 0;  ///< of the order of the runs
  Machine machine;
  std::vector<Workload> workloads;
  std::vector<Cell> cells;
  std::string broker;              ///< the endpoint of one that was there already; empty: private clusters
  std::string input_sha256;        ///< of the tasks, where they are a list; else empty
  std::vector<std::string> notes;  ///< for the reader of the figures: what could not be measured, and why
};

/// One measured run of one cell.
struct RunRecord {
  std::string cell;
  unsigned repeat = 1;  ///< 1, 2, …
  double seconds = 0;
  std::uint64_t failed = 0;
  std::string started_at;
  std::optional<Breakdown> breakdown;     ///< of Brigade's runs
  std::vector<std::string> worker_names;  ///< that ran its tasks, on a broker that was there already
};

struct RunDetails {
  std::string cell;
  unsigned repeat = 1;
  std::vector<double> latency_ms;
  std::vector<TimelineEvent> timeline;
};

struct Measured {
  Manifest manifest;
  std::vector<RunRecord> runs;  ///< in the order of measurement, each once
  std::vector<RunDetails> details;

  const Cell* cell(const std::string& id) const;
  std::vector<const RunRecord*> runs_of(const std::string& cell) const;
  Points seconds_of(const std::string& cell) const;
  /// Tasks per second, one point per run.
  Points rates_of(const std::string& cell) const;
  bool complete() const { return runs.size() == manifest.cells.size() * manifest.repeat; }
};

/// The hash that `Manifest::id` holds.
std::string id_of(const Manifest& manifest);

/// The runs as comma-separated values: mode,workers,threads,io_concurrency,tasks,repeat,seconds and what else is known.
std::string results_csv(const Measured& measured);

class ResultsFolder {
 public:
  /// A new folder, or an empty one. An error where it holds anything.
  static Result<ResultsFolder> create(const std::filesystem::path& path, const Manifest& manifest);
  /// What is there. The last line may have been cut off by a crash.
  static Result<ResultsFolder> open(const std::filesystem::path& path);
  /// An error unless it was measured in answer to the same question, on the same input, and on clusters of the same
  /// sort: else figures would stand side by side that have nothing to do with each other.
  Result<void> check_same(const Manifest& asked) const;

  const std::filesystem::path& path() const { return path_; }
  const Measured& measured() const { return measured_; }
  bool has(const std::string& cell, unsigned repeat) const;
  Result<void> append(const RunRecord& run, const RunDetails& details);
  /// Writes a file that is whole or not there.
  Result<void> write(const std::string& name, std::string_view text) const;

 private:
  std::filesystem::path path_;
  Measured measured_;
};

}  // namespace brigade::experiment
