#include "client/cli/experiment_run.h"

#include <fmt/format.h>

#include <algorithm>
#include <fstream>
#include <sstream>

#include "client/cli/experiment_results.h"
#include "client/cli/experiment_runner.h"
#include "client/experiment/machine.h"
#include "client/experiment/plan.h"
#include "client/experiment/record_json.h"
#include "client/experiment/summary.h"
#include "client/output/text_table.h"
#include "proto/base/text.h"

namespace brigade::cli {
namespace {

using experiment::Cell;
using experiment::Json;

Duration seconds_of(double seconds) {
  return std::chrono::duration_cast<Duration>(std::chrono::duration<double>(seconds));
}

/// One experiment on its way. What ends it early is an exit code in `ended_`.
class ExperimentCommand {
 public:
  ExperimentCommand(Context& context, const ExperimentOptions& options, Experiment experiment)
      : context_(context), options_(options), experiment_(std::move(experiment)) {}

  ExitCode go() {
    const bool planned = find_cluster() && find_baseline() && make_grid() && check_size_of_machine();
    if (!planned) return ended_;
    describe();
    if (options_.dry_run) return print_plan();
    if (!open_folder()) return ended_;
    context_.note(plan_text(0));
    context_.note("results: " + folder_->path().string());
    return measure();
  }

 private:
  bool end(const Error& error) {
    ended_ = context_.fail(error);
    return false;
  }
  bool end_with(ErrorCode code, const std::string& message) { return end(Error{code, message}); }

  bool find_cluster();
  Result<void> look_at_workers(const std::string& endpoint);
  bool find_baseline();
  bool make_grid();
  Result<experiment::GridWishes> wishes_for(const ExperimentWork& work) const;
  bool check_size_of_machine();
  void describe();
  bool open_folder();
  double estimate_seconds() const;
  std::string plan_text(std::size_t width) const;
  ExitCode print_plan() const;
  ExitCode measure();
  Result<void> measure_one(ExperimentRunner& runner, const experiment::PlannedRun& run);
  ExitCode conclude(const std::optional<Error>& error);
  void show_progress(const Cell& cell, const experiment::RunRecord& record, output::Progress& progress) const;
  experiment::TaskGuess guess_of(const Cell& cell) const;
  bool wants_baseline() const {
    return options_.baseline.empty() ? experiment_.baseline : options_.baseline == "python";
  }
  std::size_t runs() const { return manifest_.cells.size() * manifest_.repeat; }

  Context& context_;
  const ExperimentOptions& options_;
  Experiment experiment_;
  Equipment equipment_;
  std::optional<std::size_t> shared_workers_;  // of a broker that is there already
  std::vector<std::string> baseline_modes_;
  experiment::Manifest manifest_;
  std::optional<experiment::ResultsFolder> folder_;
  std::uint64_t failed_ = 0;
  ExitCode ended_ = kOk;
};

bool ExperimentCommand::find_cluster() {
  if (options_.private_cluster) return true;
  auto found = find_broker(context_);
  if (!found) return end(found.error());
  if (!*found) return true;
  if (auto looked = look_at_workers(**found); !looked) return end(looked.error());
  equipment_.endpoint = **found;
  return true;
}

Result<void> ExperimentCommand::look_at_workers(const std::string& endpoint) {
  auto session = connect_to(context_, endpoint, context_.signals().fd());
  if (!session) return session.error();
  auto answer = (*session)->ask(Verb::list_workers, "");
  if (!answer) return answer.error();
  shared_workers_ = static_cast<std::size_t>(
      std::count_if(answer->workers.begin(), answer->workers.end(), [](const auto& each) { return !each.draining; }));
  if (*shared_workers_ > 0) return {};
  return Error{ErrorCode::unavailable, "the broker at " + endpoint +
                                           " has no workers; start one with: brigade-worker --broker " + endpoint +
                                           ", or measure private clusters with --private"};
}

bool ExperimentCommand::find_baseline() {
  if (!wants_baseline()) {
    if (options_.baseline_modes.empty()) return true;
    return end_with(ErrorCode::invalid, "--baseline-modes goes with --baseline python");
  }
  baseline_modes_ = experiment::python_modes();
  if (!options_.baseline_modes.empty()) {
    auto modes = experiment::parse_modes("--baseline-modes", options_.baseline_modes, experiment::python_modes());
    if (!modes) return end(modes.error());
    baseline_modes_ = *std::move(modes);
  }
  const bool fetches = std::any_of(experiment_.works.begin(), experiment_.works.end(),
                                   [](const ExperimentWork& each) { return each.work.spec().kind == "fetch"; });
  auto python = experiment::find_python(
      options_.python.empty() ? experiment::usual_pythons() : std::vector<std::string>{options_.python}, fetches,
      baseline_modes_);
  if (!python) return end(python.error());
  equipment_.python = *std::move(python);
  return true;
}

Result<experiment::GridWishes> ExperimentCommand::wishes_for(const ExperimentWork& work) const {
  experiment::GridWishes wishes{.tasks = options_.tasks,
                                .tasks_per_worker = options_.tasks_per_worker,
                                .typed_tasks = work.work.typed_tasks(),
                                .cores = base::usable_cores(),
                                .workload = work.name};
  wishes.baseline_modes = baseline_modes_;
  const auto counts = [](const char* option, const std::string& text, unsigned most, std::vector<unsigned>& into) {
    if (text.empty()) return Result<void>();
    auto parsed = experiment::parse_counts(option, text, most);
    if (!parsed) return Result<void>(parsed.error());
    into = *std::move(parsed);
    return Result<void>();
  };
  if (options_.modes == "none") {
    wishes.modes = {"none"};
  } else if (!options_.modes.empty()) {
    auto modes = experiment::parse_modes("--modes", options_.modes, experiment::brigade_modes());
    if (!modes) return modes.error();
    wishes.modes = *std::move(modes);
  }
  if (auto good = counts("--workers", options_.workers, 1024, wishes.workers); !good) return good.error();
  if (auto good = counts("--threads", options_.threads, 4096, wishes.threads); !good) return good.error();
  if (auto good = counts("--io-concurrency", options_.io_concurrency, 1'000'000, wishes.io_concurrency); !good)
    return good.error();
  if (wishes.threads.empty() && work.threads) wishes.threads = {*work.threads};
  if (options_.sizes.empty()) return wishes;
  auto sizes = experiment::parse_words("--sizes", options_.sizes);
  if (!sizes) return sizes.error();
  for (const std::string& size : *sizes)
    if (auto good = work.work.check_size(size); !good) return good.error();
  wishes.sizes = *std::move(sizes);
  return wishes;
}

bool ExperimentCommand::make_grid() {
  for (ExperimentWork& work : experiment_.works) {
    auto wishes = wishes_for(work);
    if (!wishes) return end(wishes.error());
    auto cells = experiment::expand(*wishes);
    if (!cells) return end(cells.error());
    for (Cell& cell : *cells) {
      if (experiment_.works.size() > 1 || work.name != work.work.spec().kind) cell.id = work.name + "-" + cell.id;
      manifest_.cells.push_back(std::move(cell));
    }
    manifest_.workloads.push_back({work.name, work.arguments, work.work.typed_tasks()});
    equipment_.works.emplace(work.name, std::move(work.work));
  }
  return true;
}

experiment::TaskGuess ExperimentCommand::guess_of(const Cell& cell) const {
  const Work& work = equipment_.works.at(cell.workload);
  const auto range = work.spec_of(cell).range;
  return experiment::guess_of(work.spec().kind, !cell.size.empty() && range ? range->at(0) : work.largest());
}

bool ExperimentCommand::check_size_of_machine() {
  const std::uint64_t available = experiment::available_memory();
  for (const Cell& cell : manifest_.cells) {
    if (shared_workers_ && cell.runner == "brigade") continue;
    if (auto fits = experiment::check_memory({cell}, guess_of(cell), available); !fits) return end(fits.error());
  }
  return true;
}

void ExperimentCommand::describe() {
  manifest_.title = experiment_.title;
  manifest_.kind = experiment_.kind;
  manifest_.arguments = own_arguments();
  std::vector<std::string> words = manifest_.arguments;
  words.insert(words.begin(), "brigade");
  manifest_.command = experiment::shell_line(words);
  manifest_.started_at = base::format_utc(base::now().utc);
  manifest_.repeat = static_cast<unsigned>(options_.repeat.value_or(5));
  manifest_.warmup = static_cast<unsigned>(options_.warmup.value_or(1));
  manifest_.weak = options_.tasks_per_worker.has_value();
  manifest_.seed = base::random_u64();
  manifest_.machine = experiment::look_at_machine(BRIGADE_LIBRARIES);
  if (equipment_.python) {
    auto& versions = manifest_.machine.versions;
    versions.emplace_back("python", equipment_.python->version);
    versions.insert(versions.end(), equipment_.python->modules.begin(), equipment_.python->modules.end());
  }
  manifest_.id = experiment::id_of(manifest_);
}

bool ExperimentCommand::open_folder() {
  if (!options_.resume.empty()) {
    auto folder = experiment::ResultsFolder::open(options_.resume, manifest_.id);
    if (!folder) return end(folder.error());
    folder_ = *std::move(folder);
    manifest_ = folder_->measured().manifest;
    return true;
  }
  std::string stamp = manifest_.started_at.substr(0, 19);  // 2026-11-24T13:45:00
  std::erase_if(stamp, [](char c) { return c == '-' || c == ':'; });
  const std::string usual = "brigade-experiment-" + experiment_.kind + "-" + stamp;
  auto folder = experiment::ResultsFolder::create(options_.results.empty() ? usual : options_.results, manifest_);
  if (!folder) return end(folder.error());
  folder_ = *std::move(folder);
  return true;
}

double ExperimentCommand::estimate_seconds() const {
  double seconds = 0;
  for (const Cell& cell : manifest_.cells)
    seconds += manifest_.repeat * experiment::seconds_of_run(cell, guess_of(cell), manifest_.warmup,
                                                             static_cast<unsigned>(manifest_.machine.cores_limit));
  return seconds;
}

std::string ExperimentCommand::plan_text(std::size_t width) const {
  std::string text = fmt::format(
      "{}: {} cells x {} repeats, {} warm-up before each, in random order, {} scaling; about {}\n", manifest_.title,
      manifest_.cells.size(), manifest_.repeat, manifest_.warmup, manifest_.weak ? "weak" : "strong",
      base::format_duration(seconds_of(std::max(1.0, std::ceil(estimate_seconds())))));
  if (!options_.dry_run) {
    text.pop_back();
    return text;
  }
  std::vector<output::TextTable::Cells> rows;
  for (const Cell& cell : manifest_.cells)
    rows.push_back({cell.id, cell.workload, experiment::words_for(cell), base::format_count(cell.tasks)});
  text += output::TextTable::text({{.title = "CELL", .importance = 3},
                                   {.title = "WORKLOAD", .importance = 1},
                                   {.title = "HOW", .importance = 2},
                                   {.title = "TASKS", .right = true, .importance = 2}},
                                  rows, width);
  return text;
}

ExitCode ExperimentCommand::print_plan() const {
  if (context_.format() == output::Format::quiet) return kOk;
  if (context_.format() == output::Format::table) return context_.print(plan_text(context_.table_width()));
  Json json = experiment::to_json(manifest_);
  json["estimate_seconds"] = estimate_seconds();
  return context_.print(json.dump() + "\n");
}

void ExperimentCommand::show_progress(const Cell& cell, const experiment::RunRecord& record,
                                      output::Progress& progress) const {
  const std::size_t done = folder_->measured().runs.size();
  if (context_.progress() == output::ProgressStyle::plain)
    context_.note(fmt::format("[{}/{}] {}, repeat {}: {:.4g} s", done, runs(), cell.id, record.repeat, record.seconds));
  if (context_.progress() != output::ProgressStyle::bar) return;
  JobSummary bar{.tasks = runs(), .ok = done};
  bar.state = done < runs() ? JobState::running : JobState::done;
  progress.update(bar, base::monotonic_now());
}

Result<void> ExperimentCommand::measure_one(ExperimentRunner& runner, const experiment::PlannedRun& run) {
  const Cell& cell = manifest_.cells[run.cell];
  auto measured = runner.measure(cell, run.repeat, manifest_.warmup);
  if (!measured) return measured.error();
  return folder_->append(measured->record, measured->details);
}

ExitCode ExperimentCommand::measure() {
  ExperimentRunner runner(context_, equipment_);
  output::Progress progress(
      context_.progress() == output::ProgressStyle::bar ? output::ProgressStyle::bar : output::ProgressStyle::none,
      context_.terminal());
  std::optional<Error> error;
  for (const experiment::PlannedRun& run : experiment::order_of(manifest_)) {
    const Cell& cell = manifest_.cells[run.cell];
    if (folder_->has(cell.id, run.repeat)) continue;
    if (auto measured = measure_one(runner, run); !measured) {
      error = measured.error();
      break;
    }
    show_progress(cell, folder_->measured().runs.back(), progress);
  }
  progress.hide();
  return conclude(error);
}

/// What is measured is kept, however it ended.
ExitCode ExperimentCommand::conclude(const std::optional<Error>& error) {
  auto summary = write_results(*folder_);
  if (!summary) return context_.fail(summary.error());
  for (const experiment::RunRecord& run : folder_->measured().runs) failed_ += run.failed;
  const std::string path = folder_->path().string();
  if (error) {
    const bool interrupted = error->code == ErrorCode::cancelled;
    const ExitCode code = interrupted ? context_.fail(kInterrupted, "interrupted") : context_.fail(*error);
    context_.note(fmt::format("{} of {} runs are in {}; go on with:\n  brigade experiment --resume {}",
                              folder_->measured().runs.size(), runs(), path, experiment::shell_line({path})));
    return code;
  }
  const ExitCode printed = print_results(context_, folder_->measured(), *summary);
  if (printed != kOk) return printed;
  context_.note("written: results.csv, results.ndjson, summary.json, trace.json, report.html in " + path);
  if (failed_ == 0) return kOk;
  context_.warn(base::format_count(failed_) + " tasks failed: see 'failed' in " + path + "/results.csv");
  return kSomeFailed;
}

}  // namespace

std::vector<std::string> own_arguments() {
  std::ifstream file("/proc/self/cmdline", std::ios::binary);
  std::vector<std::string> words;
  for (std::string word; std::getline(file, word, '\0');) words.push_back(word);
  if (!words.empty()) words.erase(words.begin());
  return words;
}

ExitCode run_experiment(Context& context, const ExperimentOptions& options, Experiment experiment) {
  return ExperimentCommand(context, options, std::move(experiment)).go();
}

}  // namespace brigade::cli
