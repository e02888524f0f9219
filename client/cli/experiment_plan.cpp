#include "client/cli/experiment_plan.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "client/cli/shared_workers.h"
#include "client/experiment/command_line.h"
#include "client/experiment/machine.h"
#include "client/experiment/plan.h"
#include "client/experiment/summary.h"
#include "client/output/text_table.h"
#include "proto/base/text.h"

namespace brigade::cli {
namespace {

using experiment::Cell;

/// What nobody typed is all that the workers have.
void use_all_of(const SharedWorkers& shared, const std::string& kind, experiment::GridWishes& wishes) {
  const auto usual = [](std::vector<unsigned>& wished, std::size_t all) {
    if (wished.empty()) wished = {static_cast<unsigned>(std::max<std::size_t>(1, all))};
  };
  usual(wishes.workers, shared.offering(kind).size());
  usual(wishes.threads, shared.most_slots(kind, Lane::threads));
  usual(wishes.io_concurrency, shared.most_slots(kind, Lane::loop));
}

class Planner {
 public:
  Planner(const Context& context, const ExperimentOptions& options, Experiment& experiment)
      : context_(context), options_(options), experiment_(experiment) {}

  Result<ExperimentPlan> plan() {
    for (const auto step : {&Planner::find_cluster, &Planner::find_baseline, &Planner::make_grid,
                            &Planner::check_workers, &Planner::check_memory})
      if (auto done = (this->*step)(); !done) return done.error();
    describe();
    return std::move(plan_);
  }

 private:
  Result<void> find_cluster();
  Result<void> find_baseline();
  Result<void> make_grid();
  Result<void> check_workers();
  Result<void> check_memory();
  void describe();
  Result<experiment::GridWishes> wishes_for(const ExperimentWork& work) const;
  Result<void> wish_counts(experiment::GridWishes& wishes) const;
  Result<void> wish_sizes(const Work& work, experiment::GridWishes& wishes) const;
  experiment::TaskGuess guess_of(const Cell& cell) const;

  const Context& context_;
  const ExperimentOptions& options_;
  Experiment& experiment_;
  std::optional<SharedWorkers> shared_;
  std::vector<std::string> baseline_modes_;
  ExperimentPlan plan_;
};

Result<void> Planner::find_cluster() {
  if (options_.private_cluster || options_.modes == "none") return {};
  auto found = find_broker(context_);
  if (!found) return found.error();
  if (!*found) return {};
  auto looked = look_at_workers(context_, **found);
  if (!looked) return looked.error();
  shared_ = *std::move(looked);
  plan_.equipment.endpoint = plan_.manifest.broker = **found;
  plan_.manifest.notes.push_back("measured on workers of the broker at " + shared_->endpoint +
                                 ", which others may use at the same time: their jobs disturb the figures");
  return {};
}

Result<void> Planner::find_baseline() {
  const bool wanted = options_.baseline.empty() ? experiment_.baseline : options_.baseline == "python";
  if (!wanted) {
    if (options_.baseline_modes.empty()) return {};
    return Error{ErrorCode::invalid, "--baseline-modes goes with --baseline python"};
  }
  baseline_modes_ = experiment::python_modes();
  if (!options_.baseline_modes.empty()) {
    auto modes = experiment::parse_modes("--baseline-modes", options_.baseline_modes, experiment::python_modes());
    if (!modes) return modes.error();
    baseline_modes_ = *std::move(modes);
  }
  const bool fetches = std::any_of(experiment_.works.begin(), experiment_.works.end(),
                                   [](const ExperimentWork& each) { return each.work.spec().kind == "fetch"; });
  auto python = experiment::find_python(
      options_.python.empty() ? experiment::usual_pythons() : std::vector<std::string>{options_.python}, fetches,
      baseline_modes_);
  if (python) {
    plan_.equipment.python = *std::move(python);
    return {};
  }
  // Who asked for it by name wants to know; where it only belongs to the experiment, the rest is worth having.
  if (!options_.baseline.empty() || options_.modes == "none") return python.error();
  plan_.manifest.notes.push_back("without the baseline in Python: " + python.error().message);
  baseline_modes_.clear();
  return {};
}

Result<void> Planner::wish_counts(experiment::GridWishes& wishes) const {
  struct Count {
    const char* option;
    const std::string& text;
    unsigned most;
    std::vector<unsigned>& into;
  };
  for (const Count& count : {Count{"--workers", options_.workers, 1024, wishes.workers},
                             Count{"--threads", options_.threads, 4096, wishes.threads},
                             Count{"--io-concurrency", options_.io_concurrency, 1'000'000, wishes.io_concurrency}}) {
    if (count.text.empty()) continue;
    auto parsed = experiment::parse_counts(count.option, count.text, count.most);
    if (!parsed) return parsed.error();
    count.into = *std::move(parsed);
  }
  return {};
}

Result<void> Planner::wish_sizes(const Work& work, experiment::GridWishes& wishes) const {
  if (options_.sizes.empty()) return {};
  auto sizes = experiment::parse_words("--sizes", options_.sizes);
  if (!sizes) return sizes.error();
  for (const std::string& size : *sizes)
    if (auto good = work.check_size(size); !good) return good;
  wishes.sizes = *std::move(sizes);
  return {};
}

Result<experiment::GridWishes> Planner::wishes_for(const ExperimentWork& work) const {
  experiment::GridWishes wishes{.tasks = options_.tasks,
                                .tasks_per_worker = options_.tasks_per_worker,
                                .typed_tasks = work.work.typed_tasks(),
                                .cores = base::usable_cores(),
                                .workload = work.name};
  wishes.baseline_modes = baseline_modes_;
  if (options_.modes == "none") {
    wishes.modes = {"none"};
  } else if (!options_.modes.empty()) {
    auto modes = experiment::parse_modes("--modes", options_.modes, experiment::brigade_modes());
    if (!modes) return modes.error();
    wishes.modes = *std::move(modes);
  }
  if (auto good = wish_counts(wishes); !good) return good.error();
  if (shared_) use_all_of(*shared_, work.work.spec().kind, wishes);
  if (wishes.threads.empty() && work.threads) wishes.threads = {*work.threads};
  if (auto good = wish_sizes(work.work, wishes); !good) return good.error();
  return wishes;
}

Result<void> Planner::make_grid() {
  for (ExperimentWork& work : experiment_.works) {
    auto wishes = wishes_for(work);
    if (!wishes) return wishes.error();
    auto cells = experiment::expand(*wishes);
    if (!cells) return cells.error();
    for (Cell& cell : *cells) {
      if (experiment_.works.size() > 1) cell.id = work.name + "-" + cell.id;
      plan_.manifest.cells.push_back(std::move(cell));
    }
    plan_.manifest.workloads.push_back({work.name, work.arguments, work.work.typed_tasks()});
    if (shared_ && shared_->differ(work.work.spec().kind))
      plan_.manifest.notes.push_back("the workers that offer " + work.work.spec().kind +
                                     " differ in their threads or transfers: where none are asked for, the cells name "
                                     "the most that one has");
    plan_.equipment.works.emplace(work.name, std::move(work.work));
  }
  return {};
}

/// Where a cell cannot be as it says, nothing is measured.
Result<void> Planner::check_workers() {
  if (!shared_) return {};
  const TypedCounts typed{.threads = !options_.threads.empty(), .io_concurrency = !options_.io_concurrency.empty()};
  for (const Cell& cell : plan_.manifest.cells) {
    if (cell.runner != "brigade") continue;
    const std::string& kind = plan_.equipment.works.at(cell.workload).spec().kind;
    if (auto good = shared_->check(cell, kind, typed); !good) return good;
  }
  return {};
}

experiment::TaskGuess Planner::guess_of(const Cell& cell) const {
  const Work& work = plan_.equipment.works.at(cell.workload);
  const auto range = work.spec_of(cell).range;
  return experiment::guess_of(work.spec().kind, !cell.size.empty() && range ? range->at(0) : work.largest());
}

Result<void> Planner::check_memory() {
  const std::uint64_t available = experiment::available_memory();
  for (const Cell& cell : plan_.manifest.cells) {
    if (shared_ && cell.runner == "brigade") continue;
    if (auto fits = experiment::check_memory({cell}, guess_of(cell), available); !fits) return fits;
  }
  return {};
}

void Planner::describe() {
  experiment::Manifest& manifest = plan_.manifest;
  manifest.title = experiment_.title;
  manifest.kind = experiment_.kind;
  manifest.input_sha256 = experiment_.input_sha256;
  manifest.arguments = experiment::own_arguments();
  std::vector<std::string> words = manifest.arguments;
  words.insert(words.begin(), "brigade");
  manifest.command = experiment::shell_line(words);
  manifest.started_at = base::format_utc(base::now().utc);
  manifest.repeat = static_cast<unsigned>(options_.repeat.value_or(5));
  manifest.warmup = static_cast<unsigned>(options_.warmup.value_or(1));
  manifest.weak = options_.tasks_per_worker.has_value();
  manifest.seed = base::random_u64();
  manifest.machine = experiment::look_at_machine(BRIGADE_LIBRARIES);
  if (const auto& python = plan_.equipment.python) {
    auto& versions = manifest.machine.versions;
    versions.emplace_back("python", python->version);
    versions.insert(versions.end(), python->modules.begin(), python->modules.end());
  }
  manifest.id = experiment::id_of(manifest);
  for (const Cell& cell : manifest.cells)
    plan_.estimate_seconds +=
        manifest.repeat * experiment::seconds_of_run(cell, guess_of(cell), manifest.warmup,
                                                     static_cast<unsigned>(manifest.machine.cores_limit));
}

}  // namespace

Result<ExperimentPlan> plan_experiment(const Context& context, const ExperimentOptions& options,
                                       Experiment& experiment) {
  return Planner(context, options, experiment).plan();
}

std::string plan_text(const ExperimentPlan& plan, std::size_t width) {
  const experiment::Manifest& manifest = plan.manifest;
  const auto seconds = std::chrono::seconds(static_cast<std::int64_t>(std::ceil(std::max(1.0, plan.estimate_seconds))));
  std::string text =
      fmt::format("{}: {} cells x {} repeats, {} warm-up before each, in random order, {} scaling; about {}\n",
                  manifest.title, manifest.cells.size(), manifest.repeat, manifest.warmup,
                  manifest.weak ? "weak" : "strong", base::format_duration(seconds));
  std::vector<output::TextTable::Cells> rows;
  for (const Cell& cell : manifest.cells)
    rows.push_back({cell.id, cell.workload, experiment::words_for(cell), base::format_count(cell.tasks)});
  text += output::TextTable::text({{.title = "CELL", .importance = 3},
                                   {.title = "WORKLOAD", .importance = 1},
                                   {.title = "HOW", .importance = 2},
                                   {.title = "TASKS", .right = true, .importance = 2}},
                                  rows, width);
  for (const std::string& note : manifest.notes) text += "Note: " + note + "\n";
  return text;
}

}  // namespace brigade::cli
