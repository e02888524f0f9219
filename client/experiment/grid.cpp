#include "client/experiment/grid.h"

#include <algorithm>
#include <set>

#include "proto/base/text.h"

namespace brigade::experiment {
namespace {

constexpr unsigned kIoConcurrency = 256;  // a worker's own default

Error bad(std::string message) {
  return Error{ErrorCode::invalid, std::move(message)};
}

/// Which of the three numbers a mode varies, as the field's own names are used.
struct Axes {
  bool workers = false, threads = false, io_concurrency = false;
};

Axes axes_of(const std::string& mode) {
  if (mode == "threads") return {.workers = true, .threads = true};
  if (mode == "processes" || mode == "multiprocessing") return {.workers = true};
  if (mode == "coroutines") return {.workers = true, .io_concurrency = true};
  if (mode == "threading") return {.threads = true};
  if (mode == "asyncio") return {.io_concurrency = true};
  return {};  // serial, sequential
}

template <class T>
std::vector<T> chosen(bool varies, const std::vector<T>& wished, T fallback, T fixed) {
  if (!varies) return {fixed};
  return wished.empty() ? std::vector<T>{fallback} : wished;
}

std::string id_of(const Cell& cell, const Axes& axes) {
  std::string id = cell.runner == "python" ? "python-" + cell.mode : cell.mode;
  if (axes.workers) id += "-w" + std::to_string(cell.workers);
  if (axes.threads) id += "-t" + std::to_string(cell.threads);
  if (axes.io_concurrency) id += "-c" + std::to_string(cell.io_concurrency);
  if (!cell.size.empty()) id += "-" + cell.size;
  return id;
}

/// All cells of one mode and size.
void add_mode(const GridWishes& wishes, const std::string& runner, const std::string& mode, const std::string& size,
              std::vector<Cell>& cells) {
  const Axes axes = axes_of(mode);
  const unsigned usual_workers = axes.threads || axes.io_concurrency ? 1 : wishes.cores;
  for (const unsigned workers : chosen(axes.workers, wishes.workers, usual_workers, 1u))
    for (const unsigned threads : chosen(axes.threads, wishes.threads, wishes.cores, 1u))
      for (const unsigned io : chosen(axes.io_concurrency, wishes.io_concurrency, kIoConcurrency, 0u)) {
        Cell cell{.id = {},
                  .workload = wishes.workload,
                  .runner = runner,
                  .mode = mode,
                  .workers = workers,
                  .threads = threads,
                  .io_concurrency = io,
                  .tasks = wishes.tasks.value_or(wishes.typed_tasks),
                  .size = size};
        if (wishes.tasks_per_worker) cell.tasks = *wishes.tasks_per_worker * workers;
        cell.id = id_of(cell, axes);
        cells.push_back(std::move(cell));
      }
}

}  // namespace

std::uint64_t Cell::slots() const {
  const std::uint64_t each = io_concurrency > 0 ? io_concurrency : threads;
  return std::max<std::uint64_t>(1, std::min(workers * each, tasks));
}

const std::vector<std::string>& brigade_modes() {
  static const std::vector<std::string> kModes{"serial", "threads", "processes", "coroutines"};
  return kModes;
}

const std::vector<std::string>& python_modes() {
  static const std::vector<std::string> kModes{"sequential", "threading", "multiprocessing", "asyncio"};
  return kModes;
}

Result<std::vector<std::string>> parse_words(std::string_view option, std::string_view text) {
  std::vector<std::string> words;
  while (true) {
    const std::size_t comma = text.find(',');
    const std::string word(text.substr(0, comma));
    if (word.empty()) return bad(std::string(option) + ": an entry of the list is empty; write for example 1,2,4");
    if (std::find(words.begin(), words.end(), word) != words.end())
      return bad(std::string(option) + ": '" + word + "' is there twice; leave one out");
    words.push_back(word);
    if (comma == std::string_view::npos) return words;
    text.remove_prefix(comma + 1);
  }
}

Result<std::vector<unsigned>> parse_counts(std::string_view option, std::string_view text, unsigned most) {
  auto words = parse_words(option, text);
  if (!words) return words.error();
  std::vector<unsigned> counts;
  for (const std::string& word : *words) {
    const auto number = base::parse_number(word);
    if (!number) return bad(std::string(option) + ": " + number.error().message);
    if (*number == 0 || *number > most)
      return bad(std::string(option) + ": '" + word + "' is not in 1.." + std::to_string(most));
    counts.push_back(static_cast<unsigned>(*number));
  }
  return counts;
}

double size_number(const std::string& size) {
  if (const auto number = base::parse_number(size)) return static_cast<double>(*number);
  const auto duration = base::parse_duration(size);
  return duration ? to_ms(*duration) : 0;
}

Result<std::vector<std::string>> parse_modes(std::string_view option, std::string_view text,
                                             const std::vector<std::string>& known) {
  auto words = parse_words(option, text);
  if (!words) return words.error();
  std::string all;
  for (const std::string& mode : known) all += (all.empty() ? "" : ", ") + mode;
  for (const std::string& word : *words)
    if (std::find(known.begin(), known.end(), word) == known.end())
      return bad(std::string(option) + ": '" + word + "' is none of " + all);
  return words;
}

Result<std::vector<Cell>> expand(const GridWishes& wishes) {
  if (wishes.tasks && wishes.tasks_per_worker)
    return bad("give either --tasks (strong scaling) or --tasks-per-worker (weak scaling), not both");
  const auto sizes = wishes.sizes.empty() ? std::vector<std::string>{""} : wishes.sizes;
  const auto modes = wishes.modes.empty() ? brigade_modes() : wishes.modes;
  std::vector<Cell> cells;
  for (const std::string& size : sizes) {
    for (const std::string& mode : modes)
      if (mode != "none") add_mode(wishes, "brigade", mode, size, cells);
    for (const std::string& mode : wishes.baseline_modes) add_mode(wishes, "python", mode, size, cells);
  }
  if (cells.empty())
    return bad("the grid is empty: --modes none leaves only the baselines; add --baseline python, or name a mode");
  return cells;
}

}  // namespace brigade::experiment
