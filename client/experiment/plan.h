// In which order the cells are measured, how long that may take, and whether the machine is large enough.
#pragma once

#include <string>
#include <vector>

#include "client/experiment/record.h"

namespace brigade::experiment {

struct PlannedRun {
  std::size_t cell = 0;  ///< in Manifest::cells
  unsigned repeat = 1;
  bool operator==(const PlannedRun&) const = default;
};

/// Every cell once, in random order, then every cell once more, …: what drifts on the machine meets all cells alike.
std::vector<PlannedRun> order_of(const Manifest& manifest);

/// What is known of one task before it runs; all guesses but those of sleep and spin.
struct TaskGuess {
  double cpu_seconds = 0;
  double wait_seconds = 0;
  double memory_bytes = 0;  ///< while it runs
};
/// `largest`: the largest argument (a duration in ns), 0 where it is not a number.
TaskGuess guess_of(const std::string& kind, std::uint64_t largest);

/// One run with its warm-up and the start of its processes.
double seconds_of_run(const Cell& cell, const TaskGuess& guess, unsigned warmup, unsigned cores);
std::uint64_t memory_of(const Cell& cell, const TaskGuess& guess);

/// An error names the first cell that needs more than `available` bytes (0: not known) and what would fit.
Result<void> check_memory(const std::vector<Cell>& cells, const TaskGuess& guess, std::uint64_t available);

}  // namespace brigade::experiment
