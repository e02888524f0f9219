// Python beside Brigade: which interpreter, what it lacks, and one measured run.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "client/experiment/grid.h"
#include "client/experiment/record.h"

namespace brigade::experiment {

struct Python {
  std::string program;
  std::string version;
  std::vector<std::pair<std::string, std::string>> modules;  ///< and their versions
};

/// The first of `candidates` that has what these modes of this kind need (requests for threads and processes of
/// fetches, aiohttp for coroutines). The error says how to install what is missing.
Result<Python> find_python(const std::vector<std::string>& candidates, bool fetches,
                           const std::vector<std::string>& modes);
/// $PATH's python3 and the system's own, for which distributions package modules.
std::vector<std::string> usual_pythons();

/// The file that tells python/baseline.py what to do.
std::string baseline_spec(const Cell& cell, const std::string& kind, const std::string& form, const Json& arguments,
                          unsigned warmup);

/// Runs the script to its end. ErrorCode::cancelled: `interrupt_fd` became readable, and the script was ended.
Result<RunRecord> run_baseline(const Python& python, const std::string& spec, std::uint64_t tasks, int interrupt_fd);

}  // namespace brigade::experiment
