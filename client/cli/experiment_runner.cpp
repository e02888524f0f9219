#include "client/cli/experiment_runner.h"

#include "client/cli/survey.h"
#include "client/cluster/private_cluster.h"
#include "proto/base/text.h"

namespace brigade::cli {

using experiment::Cell;

struct ExperimentRunner::Stage {
  explicit Stage(base::SignalFd& signals) : interrupts(signals) {}
  std::unique_ptr<cluster::PrivateCluster> cluster;
  Interrupts interrupts;
  std::unique_ptr<client::Session> session;
  std::string key;  ///< of the job that was submitted last, on a broker that was there already
};

/// A call is also broken off when a process of the private cluster ends: then that is the reason.
Error ExperimentRunner::reason(const Error& error, Stage& stage) {
  if (error.code != ErrorCode::cancelled) return error;
  if (stage.interrupts.signal()) {
    if (stage.session && !stage.key.empty()) clear_up(stage);
    return error;
  }
  if (auto tended = stage.interrupts.tend(); !tended) return tended.error();
  return {ErrorCode::unavailable,
          "a worker of the private cluster ended in the middle of a run; go on with --resume, or see what the tasks do "
          "with: brigade run"};
}

/// A private cluster ends with its run; on another broker the job would go on. It is named by its key, since the submit
/// itself may have been broken off.
void ExperimentRunner::clear_up(Stage& stage) {
  stage.session->set_interrupt_fd(context_.signals().fd());
  const auto cancelled = stage.session->ask(Verb::cancel, stage.key);
  if (!cancelled && cancelled.error().code == ErrorCode::not_found) return;
  if (cancelled && !cancelled->jobs.empty() && stage.session->ask(Verb::forget, to_string(cancelled->jobs.front().id)))
    return context_.note("the job of the run that was interrupted is cancelled");
  context_.warn("the job of the run that was interrupted may go on; see: brigade job " + stage.key);
}

Result<void> ExperimentRunner::check_workers(const Cell& cell, Stage& stage) {
  const Work& work = equipment_.works.at(cell.workload);
  const std::string& kind = work.spec().kind;
  auto found = await_workers(*stage.session, stage.interrupts, kind, cell.workers, context_.connect_timeout());
  if (!found) return found.error();
  const std::uint64_t largest =
      cell.size.empty() || kind != "factorial" ? work.largest() : work.spec_of(cell).range->at(cell.tasks - 1);
  return check_suitable(*found, kind, Largest{.number = largest});
}

Result<void> ExperimentRunner::set_up(const Cell& cell, Stage& stage) {
  std::string endpoint = equipment_.endpoint;
  if (endpoint.empty()) {
    auto started = cluster::PrivateCluster::start({.workers = cell.workers,
                                                   .threads = cell.threads,
                                                   .io_concurrency = cell.io_concurrency,
                                                   .timeout = context_.connect_timeout(),
                                                   .interrupt_fd = context_.signals().fd()});
    if (!started) return started.error();
    stage.cluster = *std::move(started);
    stage.interrupts.watch(*stage.cluster);
    endpoint = stage.cluster->endpoint();
  }
  auto session = connect_to(context_, endpoint, stage.interrupts.fd());
  if (!session) return session.error();
  stage.session = *std::move(session);
  return check_workers(cell, stage);
}

/// On a broker that is there already the cell's numbers are ceilings of the job.
JobSpec ExperimentRunner::spec_of(const Cell& cell, Stage& stage) const {
  JobSpec spec = equipment_.works.at(cell.workload).spec_of(cell);
  if (equipment_.endpoint.empty()) return spec;
  spec.ceilings = {.workers = cell.workers, .per_worker = cell.io_concurrency > 0 ? cell.io_concurrency : cell.threads};
  spec.name = "experiment " + cell.id;
  spec.key = stage.key = "experiment-" + std::to_string(base::random_u64());
  return spec;
}

Result<MeasuredRun> ExperimentRunner::pass(const Cell& cell, Stage& stage) {
  const Work& work = equipment_.works.at(cell.workload);
  const JobSpec spec = spec_of(cell, stage);
  const client::ReadOptions reading{.order = Order::completion};
  MeasuredRun measured;
  const Now begun = base::now();
  experiment::TaskTimes times(begun, cell.tasks);
  const auto submitted = stage.session->submit(spec, work.chunks_of(cell), reading);
  const Instant accepted = base::monotonic_now();
  if (!submitted) return submitted.error();
  const auto take = [&times](const Results& page) -> Result<void> {
    times.add(page, base::monotonic_now());
    return {};
  };
  if (auto read = stage.session->read(submitted->job, reading, take, {}); !read) return read.error();
  measured.record.seconds = to_ms(base::monotonic_now() - begun.instant) / 1e3;
  if (!times.complete(cell.tasks))
    return Error{ErrorCode::internal, "the results are not one for each task; this is a bug: please report it"};
  const auto job = show_job(*stage.session, to_string(submitted->job));
  if (!job) return job.error();
  const auto forgotten = stage.session->ask(Verb::forget, to_string(submitted->job));
  if (!forgotten) return forgotten.error();
  measured.record.started_at = base::format_utc(begun.utc);
  measured.record.failed = times.failed();
  measured.record.breakdown = times.breakdown(accepted, job->submitted_at);
  if (!equipment_.endpoint.empty()) measured.record.worker_names.assign(times.workers().begin(), times.workers().end());
  measured.details = {.cell = {}, .latency_ms = times.latency_ms(), .timeline = times.timeline()};
  return measured;
}

Result<MeasuredRun> ExperimentRunner::measure_brigade(const Cell& cell, unsigned warmup) {
  Stage stage(context_.signals());
  if (auto ready = set_up(cell, stage); !ready) return reason(ready.error(), stage);
  for (unsigned i = 0; i < warmup; ++i)
    if (auto warm = pass(cell, stage); !warm) return reason(warm.error(), stage);
  auto measured = pass(cell, stage);
  if (!measured) return reason(measured.error(), stage);
  return measured;
}

Result<MeasuredRun> ExperimentRunner::measure_python(const Cell& cell, unsigned warmup) {
  const Work& work = equipment_.works.at(cell.workload);
  const auto arguments = work.python_arguments(cell);
  if (!arguments) return arguments.error();
  const std::string spec = experiment::baseline_spec(cell, work.spec().kind, work.form(), *arguments, warmup);
  const std::string started_at = base::format_utc(base::now().utc);
  auto record = experiment::run_baseline(*equipment_.python, spec, cell.tasks, context_.signals().fd());
  if (!record) return record.error();
  record->started_at = started_at;
  return MeasuredRun{.record = *std::move(record), .details = {}};
}

Result<MeasuredRun> ExperimentRunner::measure(const Cell& cell, unsigned repeat, unsigned warmup) {
  auto measured = cell.runner == "python" ? measure_python(cell, warmup) : measure_brigade(cell, warmup);
  if (!measured) return measured;
  measured->record.cell = measured->details.cell = cell.id;
  measured->record.repeat = measured->details.repeat = repeat;
  if (repeat > 1) measured->details.timeline.clear();  // one run's is enough to look at
  return measured;
}

}  // namespace brigade::cli
