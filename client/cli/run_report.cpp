#include "client/cli/run_report.h"

#include <algorithm>

#include "client/cli/experiment_results.h"
#include "client/experiment/command_line.h"
#include "client/experiment/summary.h"
#include "client/output/sink.h"
#include "proto/base/text.h"

namespace brigade::cli {
namespace {

bool offers(const WorkerSummary& worker, const std::string& kind, Lane* preferred) {
  for (const KindOffer& offer : worker.kinds) {
    if (offer.name != kind || worker.draining) continue;
    *preferred = offer.preferred;
    return true;
  }
  return false;
}

/// How the job ran, as a cell of a grid with this one cell.
experiment::Cell cell_of(const JobSummary& job, const std::vector<WorkerSummary>& workers) {
  experiment::Cell cell{.workload = job.kind, .runner = "brigade", .workers = 0, .threads = 0, .tasks = job.tasks};
  Lane preferred = Lane::threads;
  std::uint32_t transfers = 0;
  for (const WorkerSummary& worker : workers) {
    if (!offers(worker, job.kind, &preferred)) continue;
    ++cell.workers;
    cell.threads = std::max(cell.threads, worker.slots[static_cast<std::size_t>(Lane::threads)]);
    transfers = std::max(transfers, worker.slots[static_cast<std::size_t>(Lane::loop)]);
  }
  const Mode usual = preferred == Lane::loop ? Mode::coroutines : Mode::threads;
  const Mode mode = job.mode == Mode::automatic ? usual : job.mode;
  cell.id = cell.mode = name_of(mode);
  if (mode == Mode::serial) cell.workers = 1;
  if (mode == Mode::coroutines) cell.io_concurrency = transfers;
  if (mode != Mode::threads) cell.threads = 1;
  return cell;
}

}  // namespace

Result<RunReport> RunReport::open(const std::string& path) {
  auto file = output::Sink::file(path, -1);
  if (!file) return file.error();
  file->discard();
  return RunReport(path);
}

void RunReport::begin(std::uint64_t tasks) {
  begun_ = base::now();
  times_ = experiment::TaskTimes(begun_, tasks);
}

void RunReport::add(const Results& page) {
  times_.add(page, base::monotonic_now());
}

Result<void> RunReport::write(const JobSummary& job, const std::vector<WorkerSummary>& workers,
                              Duration elapsed) const {
  std::vector<std::string> words = experiment::own_arguments();
  words.insert(words.begin(), "brigade");
  experiment::Measured measured;
  measured.manifest = {.id = to_string(job.id),
                       .title = job.name.empty() ? job.kind : job.name,
                       .kind = job.kind,
                       .command = experiment::shell_line(words),
                       .started_at = base::format_utc(begun_.utc),
                       .repeat = 1,
                       .warmup = 0,
                       .machine = experiment::look_at_machine(BRIGADE_LIBRARIES)};
  measured.manifest.workloads.push_back({job.kind, base::format_count(job.tasks) + " tasks", job.tasks});
  measured.manifest.cells.push_back(cell_of(job, workers));
  const experiment::Cell& cell = measured.manifest.cells.front();
  measured.runs.push_back({.cell = cell.id,
                           .seconds = to_ms(elapsed) / 1e3,
                           .failed = times_.failed(),
                           .started_at = measured.manifest.started_at,
                           .breakdown = times_.breakdown(accepted_, job.submitted_at)});
  measured.details.push_back({.cell = cell.id, .latency_ms = times_.latency_ms(), .timeline = times_.timeline()});
  experiment::Json summary = experiment::summary_of(measured, base::format_utc(base::now().utc));
  summary["cells"][0]["command"] = measured.manifest.command;
  return write_page(path_, {summary});
}

}  // namespace brigade::cli
