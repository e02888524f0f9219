// The cells of an experiment: every combination that means something.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "proto/model/result.h"

namespace brigade::experiment {

/// One way of running the work, measured several times.
struct Cell {
  std::string id;               ///< "threads-w1-t2"; unique in an experiment
  std::string workload;         ///< "factorial"
  std::string runner;           ///< "brigade" or "python"
  std::string mode;             ///< a mode of Brigade, or sequential, threading, multiprocessing, asyncio
  unsigned workers = 1;         ///< processes that run tasks
  unsigned threads = 1;         ///< of each worker
  unsigned io_concurrency = 0;  ///< of each worker; 0: not on a loop
  std::uint64_t tasks = 0;
  std::string size;  ///< as it was typed: "100000", "10ms"; empty without --sizes

  /// Most tasks that are on their way at once.
  std::uint64_t slots() const;
  bool operator==(const Cell&) const = default;
};

/// What was asked for; an empty list stands for the default.
struct GridWishes {
  std::vector<std::string> modes;           ///< of Brigade; "none" alone: none
  std::vector<std::string> baseline_modes;  ///< of Python
  std::vector<unsigned> workers, threads, io_concurrency;
  std::vector<std::string> sizes;
  std::optional<std::uint64_t> tasks, tasks_per_worker;
  std::uint64_t typed_tasks = 1;  ///< what the arguments make without --tasks
  unsigned cores = 1;
  std::string workload;
};

/// The modes of both runners, in the order in which they are shown.
const std::vector<std::string>& brigade_modes();
const std::vector<std::string>& python_modes();

/// A list as it is typed: "1,2,4". An error names the entry at fault.
Result<std::vector<std::string>> parse_words(std::string_view option, std::string_view text);
Result<std::vector<unsigned>> parse_counts(std::string_view option, std::string_view text, unsigned most);
/// A size as a number: of the argument, or of a duration's milliseconds.
double size_number(const std::string& size);
/// Each word must be one of `known`.
Result<std::vector<std::string>> parse_modes(std::string_view option, std::string_view text,
                                             const std::vector<std::string>& known);

/// Every combination once: what does not matter in a mode (threads of `serial`) is not varied there. An empty grid is
/// an error.
Result<std::vector<Cell>> expand(const GridWishes& wishes);

}  // namespace brigade::experiment
