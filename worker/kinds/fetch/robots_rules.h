// What a robots.txt says to one crawler (RFC 9309). A pure function of its text.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace brigade::worker {

/// What is read of a robots.txt; what comes after it counts for nothing.
inline constexpr std::size_t kRobotsBytesMax = 512 * 1024;

/// The name that groups are chosen by: the first word of a User-Agent, up to its version ("brigade" of "brigade/0.1").
std::string product_of(std::string_view user_agent);

class RobotsRules {
 public:
  /// Allows everything.
  RobotsRules() = default;
  /// The rules of the groups for `product`, of those for "*" where there are none, else none. Lines that are no rule
  /// are passed over.
  RobotsRules(std::string_view text, std::string_view product);

  /// The pattern that forbids `path` (with its query, as in the URL); empty: it may be fetched. The longest pattern
  /// that matches decides; of equally long ones that which allows.
  std::string_view forbids(std::string_view path) const;
  /// Memory that is held.
  std::size_t bytes() const;

 private:
  struct Rule {
    std::string pattern;  // normal form
    bool allow = false;
    bool whole = false;  // "$" at the end: nothing may follow
  };
  void add(std::string_view pattern, bool allow);
  static bool matches(const Rule& rule, std::string_view path);

  std::vector<Rule> rules_;  // longest first, those that allow before others of that length
};

}  // namespace brigade::worker
