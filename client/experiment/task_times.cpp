#include "client/experiment/task_times.h"

#include <algorithm>
#include <cmath>

namespace brigade::experiment {

TaskTimes::TaskTimes(Now submitted, std::uint64_t tasks)
    : submitted_(submitted), stride_(std::max<std::uint64_t>(1, (tasks + kEventsMax - 1) / kEventsMax)) {
  latency_ms_.reserve(std::min<std::uint64_t>(tasks, 100'000'000));
}

void TaskTimes::add(const Results& page, Instant arrived) {
  const double seen_ms = to_ms(arrived - submitted_.instant);
  for (const Origin& origin : page.origins)
    if (origin.leased_at.value != 0) workers_.insert(origin.worker);
  std::size_t row = 0;
  for (const Run& run : page.outcomes.runs) {
    twice_ = twice_ || !seen_.within(run).empty();
    seen_.insert(run);
    for (std::uint64_t index = run.first; index < run.end(); ++index) add_row(page, row++, index, seen_ms);
  }
}

void TaskTimes::add_row(const Results& page, std::size_t row, std::uint64_t index, double seen_ms) {
  if (page.outcomes.status[row] != TaskStatus::ok) ++failed_;
  latency_ms_.push_back(static_cast<float>(seen_ms));
  const std::size_t number = page.origin[row];
  if (number >= page.origins.size() || page.origins[number].leased_at.value == 0) return;  // it never ran
  const Origin& origin = page.origins[number];
  const auto leased_ms = static_cast<double>(origin.leased_at.value - submitted_.utc.value);
  const auto start_ms = static_cast<double>(page.outcomes.start_ms[row]);
  const auto run_ms = static_cast<double>(page.outcomes.run_ms[row]);
  ++ran_;
  queued_sum_ += static_cast<double>(origin.queued_ms);
  leased_sum_ += leased_ms;
  start_sum_ += start_ms;
  run_sum_ += run_ms;
  seen_sum_ += seen_ms;
  if (index % stride_ == 0 && events_.size() < kEventsMax)
    events_.push_back(
        {index, origin.worker, std::max(0.0, leased_ms), std::max(0.0, leased_ms + start_ms), run_ms, seen_ms});
}

bool TaskTimes::complete(std::uint64_t tasks) const {
  return !twice_ && seen_.count() == tasks && (tasks == 0 || seen_.first_missing(0) == tasks);
}

Breakdown TaskTimes::breakdown(Instant accepted, UtcMs accepted_at) const {
  if (ran_ == 0) return {};
  const auto n = static_cast<double>(ran_);
  Breakdown means{.broker = queued_sum_ / n, .worker = start_sum_ / n, .run = run_sum_ / n};
  const double whole = seen_sum_ / n;
  // The submit's answer travels back while the first tasks run already: no more than what the tasks leave.
  const double rest = std::max(0.0, whole - means.broker - means.worker - means.run);
  means.client = std::min(rest, to_ms(accepted - submitted_.instant));
  const auto accepted_ms = static_cast<double>(accepted_at.value - submitted_.utc.value);
  means.transit = std::clamp(leased_sum_ / n - accepted_ms - means.broker, 0.0, rest - means.client);
  means.back = rest - means.client - means.transit;
  return means;
}

std::vector<double> TaskTimes::latency_ms() const {
  std::vector<double> quantiles;
  if (latency_ms_.empty()) return quantiles;
  std::vector<float> sorted = latency_ms_;
  std::sort(sorted.begin(), sorted.end());
  for (std::size_t percent = 0; percent <= 100; ++percent)
    quantiles.push_back(static_cast<double>(sorted[percent * (sorted.size() - 1) / 100]));
  return quantiles;
}

std::vector<TimelineEvent> TaskTimes::timeline() const {
  std::vector<TimelineEvent> events = events_;
  std::stable_sort(events.begin(), events.end(),
                   [](const TimelineEvent& a, const TimelineEvent& b) { return a.start_ms < b.start_ms; });
  return events;
}

}  // namespace brigade::experiment
