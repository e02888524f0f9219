// What robots.txt forbids: a single rule decides as the plainest matcher does; any text gives rules that agree with
// each other.
#include <algorithm>
#include <vector>

#include "proto/model/result.h"
#include "tests/fuzz/input.h"
#include "worker/kinds/fetch/robots_rules.h"

namespace brigade::fuzz {
namespace {

using worker::RobotsRules;

/// Character by character: the pattern at the path's beginning, or over all of it.
bool matches(std::string_view pattern, std::string_view path, bool whole) {
  std::vector<bool> reached(path.size() + 1);  // where what was read of the pattern may end
  reached[0] = true;
  for (const char c : pattern) {
    std::vector<bool> next(path.size() + 1);
    for (std::size_t at = 0; at <= path.size(); ++at) {
      if (c == '*') {
        next[at] = reached[at] || (at > 0 && next[at - 1]);
      } else {
        next[at] = at > 0 && reached[at - 1] && path[at - 1] == c;
      }
    }
    reached = std::move(next);
  }
  return whole ? reached.back() : std::ranges::find(reached, true) != reached.end();
}

/// Letters of a small alphabet, so that patterns hit; each has one spelling only.
std::string letters(Input& input, std::string_view alphabet) {
  std::string text = "/";
  for (std::size_t left = input.below(24); left > 0; --left) text += alphabet[input.below(alphabet.size())];
  return text;
}

void check_rule(Input& input) {
  const std::string pattern = letters(input, "ab/*"), path = letters(input, "ab/");
  const bool whole = input.flag();
  const std::string line = pattern + (whole ? "$" : "");
  const bool forbidden = matches(pattern, path, whole);
  require(RobotsRules("User-agent: *\nDisallow: " + line, "x").forbids(path) == (forbidden ? pattern : ""));
  require(RobotsRules("User-agent: x\nDisallow: /\nAllow: " + line, "x").forbids(path).empty() == forbidden);
}

void check_text(Input& input) {
  const std::string path = "/" + input.text();
  const std::string text(input.rest());
  const RobotsRules rules(text, "brigade");
  const std::string_view why = rules.forbids(path);
  require(why.empty() || rules.bytes() >= why.size());
  require(rules.forbids("/robots.txt").empty());
  // A group for somebody else changes nothing.
  require(RobotsRules(text + "\nDisallow:\nUser-agent: another\nDisallow: /", "brigade").forbids(path) == why);
}

}  // namespace
}  // namespace brigade::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace brigade::fuzz;
  Input input(data, size);
  check_rule(input);
  check_text(input);
  return 0;
}
