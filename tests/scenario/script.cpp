#include "tests/scenario/script.h"

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <sstream>

namespace brigade::scenario {
namespace {

constexpr std::size_t kColumns = 112;
constexpr const char* kArrow = "-> ";
constexpr const char* kMore = "     ";  // what a wrapped line goes on with

struct Unit {
  const char* name;
  double nanoseconds;
};
constexpr std::array kUnits{Unit{"ms", 1e6}, Unit{"us", 1e3},   Unit{"ns", 1},
                            Unit{"s", 1e9},  Unit{"h", 3.6e12}, Unit{"d", 8.64e13}};

constexpr std::array<const char*, 11> kCodes{"none",        "invalid",      "not_found", "conflict",
                                             "unavailable", "unauthorised", "too_large", "storage",
                                             "malformed",   "cancelled",    "internal"};

bool begins(const std::string& text, const char* with) {
  return text.starts_with(with);
}

std::string wrapped(const std::string& text) {
  std::string out, line = kArrow;
  std::istringstream words(text);
  bool fresh = true;
  for (std::string word; words >> word;) {
    if (!fresh && line.size() + 1 + word.size() > kColumns) {
      out += line + "\n";
      line = kMore;
      fresh = true;
    }
    line += (fresh ? "" : " ") + word;
    fresh = false;
  }
  return out + line + "\n";
}

}  // namespace

void bad_story(const std::string& what) {
  std::fprintf(stderr, "bad story: %s\n", what.c_str());
  std::abort();
}

std::vector<Step> read_story(const std::filesystem::path& file) {
  std::ifstream in(file);
  if (!in) bad_story("cannot read " + file.string());
  std::vector<Step> steps;
  for (std::string line; std::getline(in, line);) {
    if (begins(line, kArrow)) {
      if (steps.empty() || !steps.back().is_event) bad_story(file.string() + ": an outcome without an event: " + line);
      steps.back().expected.push_back(line.substr(3));
    } else if (begins(line, kMore) && !steps.empty() && !steps.back().expected.empty()) {
      steps.back().expected.back() += " " + line.substr(5);
    } else {
      steps.push_back({.text = line, .is_event = !line.empty() && line[0] != '#'});
    }
  }
  return steps;
}

void write_story(const std::filesystem::path& file, const std::vector<Step>& steps) {
  std::ofstream out(file);
  for (const Step& step : steps) {
    out << step.text << "\n";
    for (const std::string& line : step.expected) out << wrapped(line);
  }
}

Line::Line(const std::string& text) : text_(text) {
  std::string word;
  bool quoted = false, any = false;
  for (const char c : text) {
    if (c == '"') {
      quoted = !quoted;
      any = true;
    } else if (c == ' ' && !quoted) {
      if (any) words_.push_back(std::exchange(word, {}));
      any = false;
    } else {
      word += c;
      any = true;
    }
  }
  if (any) words_.push_back(word);
}

std::string Line::next() {
  if (words_.empty()) bad_story("a word is missing at the end of: " + text_);
  std::string word = words_.front();
  words_.erase(words_.begin());
  return word;
}

bool Line::accept(const std::string& word) {
  if (words_.empty() || words_.front() != word) return false;
  words_.erase(words_.begin());
  return true;
}

std::optional<std::string> Line::option(const std::string& key) {
  const auto it = std::ranges::find_if(words_, [&](const std::string& word) { return word.starts_with(key + "="); });
  if (it == words_.end()) return std::nullopt;
  std::string value = it->substr(key.size() + 1);
  words_.erase(it);
  return value;
}

std::uint64_t Line::number_or(const std::string& key, std::uint64_t otherwise) {
  const auto value = option(key);
  return value ? number(*value) : otherwise;
}

Duration Line::duration_or(const std::string& key, Duration otherwise) {
  const auto value = option(key);
  return value ? duration(*value) : otherwise;
}

bool Line::flag(const std::string& word) {
  const auto it = std::ranges::find(words_, word);
  if (it == words_.end()) return false;
  words_.erase(it);
  return true;
}

void Line::finish() const {
  if (!words_.empty()) bad_story("'" + words_.front() + "' is not understood in: " + text_);
}

std::uint64_t number(const std::string& text) {
  if (text.empty() || text.find_first_not_of("0123456789") != std::string::npos) bad_story("no number: " + text);
  return std::stoull(text);
}

std::vector<std::string> split(const std::string& text, char separator) {
  std::vector<std::string> parts;
  std::istringstream in(text);
  for (std::string part; std::getline(in, part, separator);) parts.push_back(part);
  return parts;
}

Duration duration(const std::string& text) {
  for (const Unit& unit : kUnits)
    if (text.ends_with(unit.name)) return Duration(static_cast<std::int64_t>(std::stod(text) * unit.nanoseconds));
  bad_story("no duration: " + text);
}

std::string show(Duration duration) {
  std::ostringstream out;
  const double ms = to_ms(duration);
  if (ms >= 10'000)
    out << ms / 1e3 << "s";
  else
    out << ms << "ms";
  return out.str();
}

Run run(const std::string& text) {
  const std::size_t dots = text.find("..");
  if (dots == std::string::npos) return {number(text), 1};
  const std::uint64_t first = number(text.substr(0, dots));
  return {first, number(text.substr(dots + 2)) - first + 1};
}

Runs runs(const std::string& text) {
  Runs all;
  if (text == "none") return all;
  for (const std::string& part : split(text, ',')) all.push_back(run(part));
  return all;
}

std::string show(Run run) {
  if (run.count == 1) return std::to_string(run.first);
  return std::to_string(run.first) + ".." + std::to_string(run.end() - 1);
}

std::string show(const Runs& runs) {
  std::string text;
  for (const Run& run : runs) text += (text.empty() ? "" : ",") + show(run);
  return text.empty() ? "none" : text;
}

std::string show(ErrorCode code) {
  return kCodes.at(static_cast<std::size_t>(code));
}

ErrorCode error_code(const std::string& name) {
  const auto it = std::ranges::find(kCodes, name);
  if (it == kCodes.end()) bad_story("no error code: " + name);
  return static_cast<ErrorCode>(it - kCodes.begin());
}

std::string show(const Error& error) {
  return show(error.code) + " \"" + error.message + "\"";
}

}  // namespace brigade::scenario
