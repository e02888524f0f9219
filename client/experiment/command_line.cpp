#include "client/experiment/command_line.h"

#include <algorithm>
#include <array>
#include <fstream>

namespace brigade::experiment {
namespace {

/// Options with a value that say which cells there are, where results go, or how they are shown: not what a task does.
constexpr std::array kOfTheGrid{"--modes",
                                "--workers",
                                "--threads",
                                "--io-concurrency",
                                "--sizes",
                                "--baseline-modes",
                                "--tasks-per-worker",
                                "--tasks",
                                "--repeat",
                                "--warmup",
                                "--results",
                                "--resume",
                                "--only",
                                "-o",
                                "--output",
                                "--progress",
                                "--connect-timeout"};
constexpr std::array kDropped{"--dry-run", "--no-color"};

bool is_one_of(const std::string& word, const auto& names) {
  return std::find(names.begin(), names.end(), word.substr(0, word.find('='))) != names.end();
}

}  // namespace

std::vector<std::string> own_arguments() {
  std::ifstream file("/proc/self/cmdline", std::ios::binary);
  std::vector<std::string> words;
  for (std::string word; std::getline(file, word, '\0');) words.push_back(word);
  if (!words.empty()) words.erase(words.begin());
  return words;
}

std::vector<std::string> words_of_the_work(const std::vector<std::string>& arguments) {
  std::vector<std::string> kept;
  for (std::size_t i = 0; i < arguments.size(); ++i) {
    if (is_one_of(arguments[i], kDropped)) continue;
    if (!is_one_of(arguments[i], kOfTheGrid)) {
      kept.push_back(arguments[i]);
      continue;
    }
    if (arguments[i].find('=') == std::string::npos) ++i;  // its value
  }
  return kept;
}

std::string shell_line(const std::vector<std::string>& words) {
  std::string line;
  for (const std::string& word : words) {
    const bool plain = !word.empty() && word.find_first_not_of(
                                            "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
                                            "0123456789-_=+.,/:@%") == std::string::npos;
    std::string shown = word;
    if (!plain) {
      for (std::size_t at = shown.find('\''); at != std::string::npos; at = shown.find('\'', at + 4))
        shown.replace(at, 1, "'\\''");
      shown = "'" + shown + "'";
    }
    line += (line.empty() ? "" : " ") + shown;
  }
  return line;
}

std::string command_of(const Manifest& manifest, const Cell& cell) {
  std::vector<std::string> words = words_of_the_work(manifest.arguments);
  words.insert(words.begin(), "brigade");
  const auto add = [&words](const std::string& name, const std::string& value) {
    words.push_back(name);
    words.push_back(value);
  };
  const bool python = cell.runner == "python";
  add("--modes", python ? "none" : cell.mode);
  if (python) add("--baseline-modes", cell.mode);
  if (manifest.kind == "article") add("--only", cell.workload);
  add("--workers", std::to_string(cell.workers));
  add("--threads", std::to_string(cell.threads));
  if (cell.io_concurrency > 0) add("--io-concurrency", std::to_string(cell.io_concurrency));
  if (manifest.kind != "article") add("--tasks", std::to_string(cell.tasks));
  if (!cell.size.empty()) add("--sizes", cell.size);
  add("--repeat", std::to_string(manifest.repeat));
  add("--warmup", std::to_string(manifest.warmup));
  return shell_line(words);
}

}  // namespace brigade::experiment
