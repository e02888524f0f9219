#include "client/experiment/findings.h"

#include <fmt/format.h>

#include <algorithm>

#include "client/experiment/summary.h"

namespace brigade::experiment {
namespace {

constexpr double kWide = 0.25;  // of the median, the interval's width above which a warning is due
constexpr double kShortSeconds = 0.005;
constexpr unsigned kRepeatsMin = 4;  // below, no two samples can differ with p < 0.05

bool same_work(const Cell& a, const Cell& b) {
  return a.workload == b.workload && a.size == b.size;
}

/// Tasks per second; 0 for a cell that was not measured or had failures.
double rate_of(const Measured& measured, const Cell& cell) {
  for (const RunRecord* run : measured.runs_of(cell.id))
    if (run->failed > 0) return 0;
  const Points rates = measured.rates_of(cell.id);
  return rates.empty() ? 0 : median(rates);
}

/// The fastest cell of each mode that does this work, the fastest mode first.
std::vector<const Cell*> fastest_of_modes(const Measured& measured, const Cell& work) {
  std::vector<const Cell*> fastest;
  for (const Cell& cell : measured.manifest.cells) {
    const double rate = rate_of(measured, cell);
    if (!same_work(cell, work) || rate == 0) continue;
    const auto same_mode = std::find_if(fastest.begin(), fastest.end(), [&cell](const Cell* each) {
      return each->runner == cell.runner && each->mode == cell.mode;
    });
    if (same_mode == fastest.end())
      fastest.push_back(&cell);
    else if (rate_of(measured, **same_mode) < rate)
      *same_mode = &cell;
  }
  std::stable_sort(fastest.begin(), fastest.end(),
                   [&measured](const Cell* a, const Cell* b) { return rate_of(measured, *a) > rate_of(measured, *b); });
  return fastest;
}

/// The first cell of each workload and size.
std::vector<const Cell*> works_of(const Measured& measured) {
  std::vector<const Cell*> works;
  for (const Cell& cell : measured.manifest.cells)
    if (std::none_of(works.begin(), works.end(), [&cell](const Cell* each) { return same_work(*each, cell); }))
      works.push_back(&cell);
  return works;
}

std::string named(const Cell& work) {
  return work.size.empty() ? work.workload : work.workload + " " + work.size;
}

std::string advice(const Measured& measured, const Cell& work, const std::vector<Comparison>& comparisons) {
  const std::vector<const Cell*> fastest = fastest_of_modes(measured, work);
  if (fastest.empty()) return named(work) + ": nothing was measured without failures.";
  const Interval seconds = median_interval(measured.seconds_of(fastest.front()->id));
  if (measured.manifest.cells.size() == 1)
    return fmt::format("{}: {} took {:.4g} s.", named(work), words_for(*fastest.front()), seconds.value);
  std::string text = fmt::format("For {} take {}: {:.4g} s ({:.4g}-{:.4g})", named(work), words_for(*fastest.front()),
                                 seconds.value, seconds.low, seconds.high);
  std::string equals;
  for (const Comparison& each : comparisons)
    if (same_work(*each.better, work) && !each.meaningful())
      equals += (equals.empty() ? "" : "; ") + words_for(*each.worse);
  if (fastest.size() == 1) return text + "; no other mode was measured.";
  if (equals.empty()) return text + "; every other mode is meaningfully slower.";
  return text + ". As far as these runs can tell, just as fast: " + equals + ".";
}

void warn_of_machine(const Measured& measured, std::vector<std::string>& warnings) {
  const Machine& machine = measured.manifest.machine;
  if (machine.load_before > 0.3 * machine.cores_limit)
    warnings.push_back(
        fmt::format("the machine was busy before the first run: load {:.2f} on {:.0f} cores; repeat "
                    "it on an idle one before trusting small differences",
                    machine.load_before, machine.cores_limit));
  if (!machine.governor.empty() && machine.governor != "performance")
    warnings.push_back("the CPU frequency governor is '" + machine.governor + "': clocks change between runs");
  if (measured.manifest.repeat < kRepeatsMin && measured.manifest.cells.size() > 1)
    warnings.push_back(fmt::format("{} repeats are too few to tell any difference from chance; take --repeat 5",
                                   measured.manifest.repeat));
}

void warn_of_cell(const Measured& measured, const Cell& cell, std::vector<std::string>& warnings) {
  std::uint64_t failed = 0;
  for (const RunRecord* run : measured.runs_of(cell.id)) failed += run->failed;
  if (failed > 0)
    warnings.push_back(fmt::format("{}: {} tasks failed; its times are not those of the whole work", cell.id, failed));
  const Points seconds = measured.seconds_of(cell.id);
  if (seconds.empty()) return;
  const Interval middle = median_interval(seconds);
  if (middle.value < kShortSeconds)
    warnings.push_back(
        fmt::format("{}: a run takes {:.2g} ms, mostly the start of it; take more tasks", cell.id, middle.value * 1e3));
  if (seconds.size() > 1 && middle.high - middle.low > kWide * middle.value)
    warnings.push_back(
        fmt::format("{}: noise; the interval is {:.0f} % of the median, differences below that mean nothing", cell.id,
                    100 * (middle.high - middle.low) / middle.value));
}

}  // namespace

std::string Comparison::text() const {
  if (!meaningful())
    return fmt::format("{}: {} and {}: no meaningful difference ({:.3g} x, {:.3g}-{:.3g}, p = {:.2g})", named(*better),
                       words_for(*better), words_for(*worse), ratio.value, ratio.low, ratio.high, p);
  return fmt::format("{}: {}: {:.3g} x ({:.3g}-{:.3g}) faster than {}, p = {:.2g}", named(*better), words_for(*better),
                     ratio.value, ratio.low, ratio.high, words_for(*worse), p);
}

std::vector<Comparison> comparisons_of(const Measured& measured) {
  std::vector<Comparison> comparisons;
  for (const Cell* work : works_of(measured)) {
    const std::vector<const Cell*> fastest = fastest_of_modes(measured, *work);
    for (std::size_t i = 1; i < fastest.size(); ++i) {
      const Points better = measured.rates_of(fastest.front()->id);
      const Points worse = measured.rates_of(fastest[i]->id);
      comparisons.push_back({.better = fastest.front(),
                             .worse = fastest[i],
                             .ratio = ratio_interval(better, worse),
                             .p = rank_sum_p(better, worse)});
    }
  }
  return comparisons;
}

std::string recommendation_of(const Measured& measured, const std::vector<Comparison>& comparisons) {
  std::string text;
  for (const Cell* work : works_of(measured)) text += (text.empty() ? "" : " ") + advice(measured, *work, comparisons);
  return text;
}

std::vector<std::string> warnings_of(const Measured& measured) {
  std::vector<std::string> warnings = measured.manifest.notes;
  warn_of_machine(measured, warnings);
  if (!measured.complete())
    warnings.push_back(fmt::format("not finished: {} of {} runs were measured", measured.runs.size(),
                                   measured.manifest.cells.size() * measured.manifest.repeat));
  for (const Cell& cell : measured.manifest.cells) warn_of_cell(measured, cell, warnings);
  return warnings;
}

}  // namespace brigade::experiment
