#include "client/experiment/plan.h"

#include <algorithm>
#include <cmath>
#include <random>

#include "client/experiment/summary.h"
#include "proto/base/text.h"

namespace brigade::experiment {
namespace {

constexpr double kStartSeconds = 0.15;        // of a private cluster
constexpr double kWorkerStartSeconds = 0.03;  // of each further worker
constexpr double kPythonStartSeconds = 0.4;   // with its imports
constexpr double kWorkerBytes = 24e6;         // an idle worker, its libraries counted once each
constexpr double kThreadBytes = 0.3e6;
constexpr double kPythonBytes = 40e6;
constexpr double kPythonTimes = 20;  // a factorial in Python takes so many times Brigade's

bool waits_side_by_side(const Cell& cell) {
  return cell.io_concurrency > 0;
}

}  // namespace

std::vector<PlannedRun> order_of(const Manifest& manifest) {
  std::mt19937_64 random(manifest.seed);
  std::vector<PlannedRun> order;
  std::vector<std::size_t> cells(manifest.cells.size());
  for (std::size_t i = 0; i < cells.size(); ++i) cells[i] = i;
  for (unsigned repeat = 1; repeat <= manifest.repeat; ++repeat) {
    for (std::size_t i = cells.size(); i > 1; --i) std::swap(cells[i - 1], cells[random() % i]);  // Fisher-Yates
    for (const std::size_t cell : cells) order.push_back({cell, repeat});
  }
  return order;
}

TaskGuess guess_of(const std::string& kind, std::uint64_t largest) {
  const auto n = static_cast<double>(largest);
  if (kind == "factorial") return {.cpu_seconds = 0.012 * std::pow(n / 1e5, 1.1) + 1e-6, .memory_bytes = 25 * n};
  if (kind == "sleep") return {.wait_seconds = n / 1e9};
  if (kind == "spin") return {.cpu_seconds = n / 1e9};
  if (kind == "fetch") return {.cpu_seconds = 5e-5, .wait_seconds = 0.1, .memory_bytes = 50e3};
  return {.cpu_seconds = 2e-7};
}

double seconds_of_run(const Cell& cell, const TaskGuess& guess, unsigned warmup, unsigned cores) {
  const auto tasks = static_cast<double>(cell.tasks);
  const auto slots = static_cast<double>(cell.slots());
  // On a loop tasks wait side by side but compute one after another; Python's threads share one lock for computing.
  const bool one_core = cell.mode == "asyncio" || cell.mode == "threading";
  const double computing = one_core ? 1 : std::min<double>(waits_side_by_side(cell) ? cell.workers : slots, cores);
  const bool python = cell.runner == "python";
  const double each =
      guess.cpu_seconds * (python && guess.memory_bytes > 0 && guess.wait_seconds == 0 ? kPythonTimes : 1);
  const double pass = tasks * each / computing + std::ceil(tasks / slots) * guess.wait_seconds;
  const double start = python ? kPythonStartSeconds : kStartSeconds + kWorkerStartSeconds * cell.workers;
  return start + pass * (1 + warmup);
}

std::uint64_t memory_of(const Cell& cell, const TaskGuess& guess) {
  const double running =
      static_cast<double>(waits_side_by_side(cell) && guess.wait_seconds == 0 ? cell.workers : cell.slots());
  const double process = cell.runner == "python" ? kPythonBytes : kWorkerBytes;
  return static_cast<std::uint64_t>(cell.workers * (process + cell.threads * kThreadBytes) +
                                    running * guess.memory_bytes);
}

Result<void> check_memory(const std::vector<Cell>& cells, const TaskGuess& guess, std::uint64_t available) {
  if (available == 0) return {};
  for (const Cell& cell : cells) {
    const std::uint64_t needed = memory_of(cell, guess);
    if (needed <= available) continue;
    Cell fitting = cell;
    while (fitting.workers > 1 && memory_of(fitting, guess) > available) fitting.workers = fitting.workers * 9 / 10;
    return Error{ErrorCode::invalid, words_for(cell) + " needs about " + base::format_size(needed) +
                                         " of memory, and " + base::format_size(available) +
                                         " are free; take at most --workers " + std::to_string(fitting.workers) +
                                         (fitting.workers == 1 ? " with fewer threads or smaller tasks" : "")};
  }
  return {};
}

}  // namespace brigade::experiment
