#include "client/experiment/summary.h"

#include <fmt/format.h>

#include <algorithm>

#include "client/experiment/command_line.h"
#include "client/experiment/findings.h"
#include "client/experiment/record_json.h"
#include "client/experiment/series.h"
#include "client/experiment/timeline.h"

namespace brigade::experiment {
namespace {

std::string counted(unsigned number, const std::string& noun) {
  return fmt::format("{} {}{}", number, noun, number == 1 ? "" : noun.ends_with('s') ? "es" : "s");
}

/// The mean of each part over the runs.
std::optional<Breakdown> mean_breakdown(const std::vector<const RunRecord*>& runs) {
  Breakdown sum;
  double n = 0;
  for (const RunRecord* run : runs) {
    if (!run->breakdown) continue;
    n += 1;
    for (double Breakdown::*part : {&Breakdown::client, &Breakdown::broker, &Breakdown::transit, &Breakdown::worker,
                                    &Breakdown::run, &Breakdown::back})
      sum.*part += ((*run->breakdown).*part - sum.*part) / n;
  }
  return n > 0 ? std::optional(sum) : std::nullopt;
}

/// Of the run whose time is nearest to the median.
const RunDetails* typical_details(const Measured& measured, const Cell& cell, double seconds) {
  const RunDetails* best = nullptr;
  double nearest = 0;
  for (const RunDetails& details : measured.details) {
    if (details.cell != cell.id) continue;
    for (const RunRecord* run : measured.runs_of(cell.id)) {
      const double distance = std::abs(run->seconds - seconds);
      if (run->repeat != details.repeat || (best != nullptr && distance >= nearest)) continue;
      best = &details;
      nearest = distance;
    }
  }
  return best;
}

void add_figures(const Measured& measured, const Cell& cell, Json& json) {
  const Points seconds = measured.seconds_of(cell.id);
  const Interval middle = median_interval(seconds);
  json["median_s"] = middle.value;
  json["low_s"] = middle.low;
  json["high_s"] = middle.high;
  json["tasks_per_s"] = static_cast<double>(cell.tasks) / middle.value;
  if (const auto speedup = speedup_of(measured, cell)) {
    json["speedup"] = {{"value", speedup->value}, {"low", speedup->low}, {"high", speedup->high}};
    json["reference"] = reference_of(measured, cell)->id;
    json["efficiency"] = speedup->value / static_cast<double>(cell.slots());
  }
  const auto runs = measured.runs_of(cell.id);
  std::uint64_t failed = 0;
  for (const RunRecord* run : runs) failed += run->failed;
  json["failed"] = failed;
  if (const auto parts = mean_breakdown(runs)) json["breakdown_ms"] = to_json(*parts);
  if (const RunDetails* details = typical_details(measured, cell, middle.value))
    json["latency_ms"] = to_json(*details)["latency_ms"];
  for (const RunDetails& details : measured.details)
    if (details.cell == cell.id && !details.timeline.empty()) {
      json["timeline"] = timeline_json(details.timeline);
      break;
    }
}

Json cell_json(const Measured& measured, const Cell& cell) {
  Json json = to_json(cell);
  json["command"] = command_of(measured.manifest, cell);
  const Points seconds = measured.seconds_of(cell.id);
  json["seconds"] = seconds;
  json["outliers"] = outliers(seconds);
  if (!seconds.empty()) add_figures(measured, cell, json);
  return json;
}

Json comparison_json(const Comparison& comparison) {
  return {{"text", comparison.text()},
          {"better", comparison.better->id},
          {"worse", comparison.worse->id},
          {"ratio", comparison.ratio.value},
          {"low", comparison.ratio.low},
          {"high", comparison.ratio.high},
          {"p", comparison.p},
          {"meaningful", comparison.meaningful()}};
}

}  // namespace

std::string words_for(const Cell& cell) {
  const std::string mode = cell.runner == "python" ? "Python's " + cell.mode : cell.mode;
  if (cell.mode == "threads")
    return fmt::format("{}, {} x {}", mode, counted(cell.workers, "worker"), counted(cell.threads, "thread"));
  if (cell.mode == "threading") return fmt::format("{}, {}", mode, counted(cell.threads, "thread"));
  if (cell.mode == "coroutines")
    return fmt::format("{}, {} x {} in flight", mode, counted(cell.workers, "worker"), cell.io_concurrency);
  if (cell.mode == "asyncio") return fmt::format("{}, {} in flight", mode, cell.io_concurrency);
  if (cell.mode == "processes" || cell.mode == "multiprocessing")
    return fmt::format("{}, {}", mode, counted(cell.workers, cell.runner == "python" ? "process" : "worker"));
  return mode;
}

const Cell* reference_of(const Measured& measured, const Cell& cell) {
  const Cell* best = nullptr;
  const auto rank = [](const Cell& each) {
    const bool serial = each.runner == "brigade" && each.mode == "serial";
    return std::tuple(!serial, each.slots(), each.runner != "brigade");
  };
  for (const Cell& each : measured.manifest.cells) {
    if (each.workload != cell.workload || each.size != cell.size || measured.runs_of(each.id).empty()) continue;
    if (best == nullptr || rank(each) < rank(*best)) best = &each;
  }
  return best;
}

std::optional<Interval> speedup_of(const Measured& measured, const Cell& cell) {
  const Cell* reference = reference_of(measured, cell);
  const Points rates = measured.rates_of(cell.id);
  if (reference == nullptr || rates.empty()) return std::nullopt;
  if (reference == &cell || reference->id == cell.id) return Interval{1, 1, 1};
  return ratio_interval(rates, measured.rates_of(reference->id));
}

Json summary_of(const Measured& measured, const std::string& finished_at) {
  const Manifest& manifest = measured.manifest;
  Json json{{"schema", kSummarySchema},
            {"id", manifest.id},
            {"title", manifest.title},
            {"kind", manifest.kind},
            {"command", manifest.command},
            {"started_at", manifest.started_at},
            {"finished_at", finished_at},
            {"complete", measured.complete()},
            {"repeat", manifest.repeat},
            {"warmup", manifest.warmup},
            {"scaling", manifest.weak ? "weak" : "strong"},
            {"machine", to_json(manifest.machine)},
            {"workloads", to_json(manifest)["workloads"]},
            {"cells", Json::array()}};
  for (const Cell& cell : manifest.cells) json["cells"].push_back(cell_json(measured, cell));
  json["series"] = series_json(measured);
  const std::vector<Comparison> comparisons = comparisons_of(measured);
  json["comparisons"] = Json::array();
  for (const Comparison& each : comparisons) json["comparisons"].push_back(comparison_json(each));
  json["recommendation"] = recommendation_of(measured, comparisons);
  json["warnings"] = warnings_of(measured);
  return json;
}

}  // namespace brigade::experiment
