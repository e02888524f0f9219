#include "client/output/summary.h"

#include <fmt/format.h>

#include <algorithm>
#include <vector>

#include "proto/base/text.h"
#include "proto/output/json_text.h"

namespace brigade::output {
namespace {

std::string quantile_text(float ms) {
  std::string text;
  append_ms(text, static_cast<double>(ms), ms < 0.01f ? 6 : ms < 10 ? 3 : 1);
  return text;
}

}  // namespace

std::string reasons_text(const JobSummary& job) {
  std::vector<std::pair<std::uint64_t, std::string_view>> reasons;
  for (std::size_t i = 1; i < kTaskStatuses; ++i) {
    const auto status = static_cast<TaskStatus>(i);
    if (status == TaskStatus::cancelled) continue;  // a count of its own already
    if (job.by_status[i] > 0) reasons.emplace_back(job.by_status[i], name_of(status));
  }
  std::stable_sort(reasons.begin(), reasons.end(), [](const auto& a, const auto& b) { return a.first > b.first; });
  std::string text;
  for (const auto& [count, name] : reasons) {
    text += fmt::format("{}{} {}", text.empty() ? "" : ", ", name, base::format_count(count));
  }
  return text;
}

std::string summary_text(const JobSummary& job, Duration elapsed) {
  std::string text = fmt::format("{} {}: {} ok", base::format_count(job.tasks), job.tasks == 1 ? "task" : "tasks",
                                 base::format_count(job.ok));
  if (job.failed > 0) text += fmt::format(", {} failed", base::format_count(job.failed));
  if (job.cancelled > 0) text += fmt::format(", {} cancelled", base::format_count(job.cancelled));
  if (const std::string reasons = reasons_text(job); !reasons.empty()) text += " (" + reasons + ")";
  const auto rate = static_cast<std::uint64_t>(tasks_per_second(job.finished(), elapsed) + 0.5);
  text += fmt::format("\nelapsed {}, {} tasks/s\n", base::format_duration(elapsed), base::format_count(rate));
  // A small table: it fits 40 columns whatever the figures.
  const auto line = [](std::string_view name, std::string_view a, std::string_view b, std::string_view c) {
    return fmt::format("{:<10}{:>9}{:>9}{:>9}\n", name, a, b, c);
  };
  const auto figures = [&line](std::string_view name, const Quantiles& ms) {
    return line(name, quantile_text(ms.p50), quantile_text(ms.p90), quantile_text(ms.p99));
  };
  text += line("", "p50", "p90", "p99");
  text += figures("run ms", job.run_ms);
  text += figures("queued ms", job.queued_ms);
  return text;
}

}  // namespace brigade::output
