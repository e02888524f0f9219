#include "broker/core/job.h"

#include <algorithm>

namespace brigade::broker {

void TaskCost::learn(double run_ms_total, double result_bytes_total, std::uint64_t count) {
  if (count == 0) return;
  const auto n = static_cast<double>(count);
  const double weight = known ? std::clamp(n / (n + 64), 0.1, 0.5) : 1.0;
  run_ms += weight * (run_ms_total / n - run_ms);
  result_bytes += weight * (result_bytes_total / n - result_bytes);
  known = true;
}

Instant Job::deadline() const {
  if (spec.deadline <= Duration{} || spec.deadline >= kNever - std::max(accepted, Instant{})) return kNever;
  return accepted + spec.deadline;
}

bool Job::wake_delayed(Instant now) {
  bool woke = false;
  while (!due.empty() && due.begin()->first <= now) {
    const Run run = due.begin()->second;
    due.erase(due.begin());
    for (const Waiting& waiting : delayed.remove(run)) {
      requeue(waiting);
      woke = true;
    }
  }
  return woke;
}

std::vector<Waiting> Job::leasable_in(Run run) const {
  std::vector<Waiting> found = ready.within(run);
  for (const Waiting& waiting : suspect.within(run)) found.push_back(waiting);
  return found;
}

std::vector<Waiting> Job::take_waiting(Run run) {
  std::vector<Waiting> taken = ready.remove(run);
  for (WaitingRuns* set : {&suspect, &delayed})
    for (Waiting& waiting : set->remove(run)) taken.push_back(std::move(waiting));
  return taken;
}

void Job::requeue(const Waiting& waiting) {
  (waiting.trial.grain > 0 ? suspect : ready).add(waiting);
}

std::uint64_t Job::readable_until(std::uint64_t index) const {
  std::uint64_t end = done.first_missing(index);
  for (const auto& [position, block] : uncommitted)
    for (const Run& run : block.runs)
      if (run.end() > index) end = std::min(end, std::max(index, run.first));
  return end;
}

JobSummary Job::summary(Instant now) const {
  if (final_summary) return *final_summary;
  JobSummary summary{.id = id,
                     .name = spec.name,
                     .kind = spec.kind,
                     .mode = spec.mode,
                     .priority = spec.priority,
                     .tasks = tasks,
                     .running = leased,
                     .delayed = delayed.count(),
                     .by_status = by_status,
                     .retry_of = spec.retry_of,
                     .client = client,
                     .submitted_at = accepted_at,
                     .started_at = started_at,
                     .finished_at = finished_at,
                     .elapsed = (finished_at.value != 0 ? finished : now) - accepted,
                     .visible_rows = visible_rows};
  for (std::size_t i = 0; i < kTaskStatuses; ++i) {
    const auto status = static_cast<TaskStatus>(i);
    (status == TaskStatus::ok  ? summary.ok
     : is_cancellation(status) ? summary.cancelled
                               : summary.failed) += by_status[i];
  }
  summary.state = started_at.value != 0 ? JobState::running : JobState::queued;
  if (timing) {
    const auto quantiles = [](const Histogram& histogram) {
      return Quantiles{histogram.quantile(0.5), histogram.quantile(0.9), histogram.quantile(0.99)};
    };
    summary.run_ms = quantiles(timing->run_ms);
    summary.queued_ms = quantiles(timing->queued_ms);
  }
  return summary;
}

}  // namespace brigade::broker
