#include "client/cli/experiment_run.h"

#include <fmt/format.h>

#include <algorithm>

#include "client/cli/experiment_results.h"
#include "client/experiment/command_line.h"
#include "client/experiment/plan.h"
#include "client/experiment/record_json.h"
#include "client/output/progress.h"
#include "proto/base/text.h"

namespace brigade::cli {
namespace {

using experiment::ResultsFolder;

ExitCode print_plan(const Context& context, const ExperimentPlan& plan) {
  if (context.format() == output::Format::quiet) return kOk;
  if (context.format() == output::Format::table) return context.print(plan_text(plan, context.table_width()));
  experiment::Json json = experiment::to_json(plan.manifest);
  json["estimate_seconds"] = plan.estimate_seconds;
  return context.print(json.dump() + "\n");
}

Result<ResultsFolder> open_folder(const ExperimentOptions& options, const ExperimentPlan& plan) {
  if (!options.resume.empty()) {
    auto folder = ResultsFolder::open(options.resume);
    if (!folder) return folder;
    if (auto same = folder->check_same(plan.manifest); !same) return same.error();
    return folder;
  }
  std::string stamp = plan.manifest.started_at.substr(0, 19);  // 2026-11-24T13:45:00
  std::erase_if(stamp, [](char c) { return c == '-' || c == ':'; });
  const std::string usual = "brigade-experiment-" + plan.manifest.kind + "-" + stamp;
  return ResultsFolder::create(options.results.empty() ? usual : options.results, plan.manifest);
}

/// The runs that the folder lacks, one after another.
class Measurement {
 public:
  Measurement(Context& context, const Equipment& equipment, ResultsFolder& folder)
      : context_(context), folder_(folder), runner_(context, equipment) {}

  Result<void> go() {
    const experiment::Manifest& manifest = folder_.measured().manifest;
    const bool bar = context_.progress() == output::ProgressStyle::bar;
    output::Progress progress(bar ? output::ProgressStyle::bar : output::ProgressStyle::none, context_.terminal());
    show(progress);
    for (const experiment::PlannedRun& run : experiment::order_of(manifest)) {
      const experiment::Cell& cell = manifest.cells[run.cell];
      if (folder_.has(cell.id, run.repeat)) continue;
      auto measured = runner_.measure(cell, run.repeat, manifest.warmup);
      if (!measured) return measured.error();
      if (auto kept = folder_.append(measured->record, measured->details); !kept) return kept;
      if (context_.progress() == output::ProgressStyle::plain)
        context_.note(fmt::format("[{}/{}] {}, repeat {}: {:.4g} s", done(), all(), cell.id, run.repeat,
                                  measured->record.seconds));
      show(progress);
    }
    return {};
  }

  std::size_t done() const { return folder_.measured().runs.size(); }
  std::size_t all() const { return folder_.measured().manifest.cells.size() * folder_.measured().manifest.repeat; }

 private:
  void show(output::Progress& progress) const {
    JobSummary runs{.tasks = all(), .ok = done()};
    runs.state = done() < all() ? JobState::running : JobState::done;
    progress.update(runs, base::monotonic_now());
  }

  Context& context_;
  ResultsFolder& folder_;
  ExperimentRunner runner_;
};

/// What is measured is kept, however it ended.
ExitCode conclude(Context& context, const ResultsFolder& folder, const Measurement& measurement,
                  const Result<void>& ended) {
  auto summary = write_results(folder);
  if (!summary) return context.fail(summary.error());
  const std::string path = folder.path().string();
  if (!ended) {
    const bool interrupted = ended.error().code == ErrorCode::cancelled;
    const ExitCode code = interrupted ? context.fail(kInterrupted, "interrupted") : context.fail(ended.error());
    context.note(fmt::format("{} of {} runs are in {}; go on with:\n  brigade experiment --resume {}",
                             measurement.done(), measurement.all(), path, experiment::shell_line({path})));
    return code;
  }
  const ExitCode printed = print_results(context, folder.measured(), *summary);
  if (printed != kOk) return printed;
  context.note("written: results.csv, results.ndjson, summary.json, trace.json, report.html in " + path);
  std::uint64_t failed = 0;
  for (const experiment::RunRecord& run : folder.measured().runs) failed += run.failed;
  if (failed == 0) return kOk;
  context.warn(base::format_count(failed) + " tasks failed: see 'failed' in " + path + "/results.csv");
  return kSomeFailed;
}

}  // namespace

ExitCode run_experiment(Context& context, const ExperimentOptions& options, Experiment experiment) {
  auto plan = plan_experiment(context, options, experiment);
  if (!plan) return context.fail(plan.error());
  if (options.dry_run) return print_plan(context, *plan);
  auto folder = open_folder(options, *plan);
  if (!folder) return context.fail(folder.error());
  std::string text = plan_text(*plan, 0);
  text.pop_back();
  context.note(text);
  context.note("results: " + folder->path().string());
  Measurement measurement(context, plan->equipment, *folder);
  const Result<void> ended = measurement.go();
  return conclude(context, *folder, measurement, ended);
}

}  // namespace brigade::cli
