#include "worker/kinds/fetch/robots_rules.h"

#include <algorithm>
#include <cctype>
#include <optional>

namespace brigade::worker {
namespace {

bool is_name(char c) {
  return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '-' || c == '_';
}

bool same(std::string_view a, std::string_view b) {
  return std::ranges::equal(a, b, [](char x, char y) {
    return std::tolower(static_cast<unsigned char>(x)) == std::tolower(static_cast<unsigned char>(y));
  });
}

std::string_view trimmed(std::string_view text) {
  const std::size_t begin = text.find_first_not_of(" \t");
  if (begin == std::string_view::npos) return {};
  return text.substr(begin, text.find_last_not_of(" \t") - begin + 1);
}

std::optional<unsigned> hex_digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return std::nullopt;
}

void add_encoded(std::string& to, unsigned char c) {
  to += '%';
  to += "0123456789ABCDEF"[c >> 4];
  to += "0123456789ABCDEF"[c & 15];
}

/// Spellings of the same path become one: what need not be encoded is not, bytes outside of ASCII are. So are "*" and
/// "$" where they mean themselves, as in every URL.
std::string normal_form(std::string_view path, bool is_pattern) {
  std::string normal;
  normal.reserve(path.size());
  for (std::size_t i = 0; i < path.size(); ++i) {
    const auto c = static_cast<unsigned char>(path[i]);
    const auto high = c == '%' && i + 2 < path.size() ? hex_digit(path[i + 1]) : std::nullopt;
    const auto low = high ? hex_digit(path[i + 2]) : std::nullopt;
    if (low) {
      const auto coded = static_cast<unsigned char>(*high << 4 | *low);
      const bool plain =
          coded < 0x80 && (std::isalnum(coded) != 0 ||
                           std::string_view("-._~").find(static_cast<char>(coded)) != std::string_view::npos);
      if (plain) {
        normal += static_cast<char>(coded);
      } else {
        add_encoded(normal, coded);
      }
      i += 2;
    } else if (c >= 0x80 || c <= 0x20 || (c == '*' && !is_pattern) ||
               (c == '$' && !(is_pattern && i + 1 == path.size()))) {
      add_encoded(normal, c);
    } else {
      normal += static_cast<char>(c);
    }
  }
  return normal;
}

struct Line {
  std::string_view key, value;
};

/// The next line's key and value without its comment; a line without a colon has neither.
Line next_line(std::string_view& text) {
  const std::size_t end = std::min(text.find_first_of("\r\n"), text.size());
  std::string_view line = text.substr(0, end);
  text.remove_prefix(std::min(end + 1, text.size()));
  line = line.substr(0, line.find('#'));
  const std::size_t colon = line.find(':');
  if (colon == std::string_view::npos) return {};
  return {trimmed(line.substr(0, colon)), trimmed(line.substr(colon + 1))};
}

}  // namespace

std::string product_of(std::string_view user_agent) {
  const auto end = std::find_if_not(user_agent.begin(), user_agent.end(), is_name);
  return {user_agent.begin(), end};
}

RobotsRules::RobotsRules(std::string_view text, std::string_view product) {
  text = text.substr(0, kRobotsBytesMax);
  if (text.starts_with("\xEF\xBB\xBF")) text.remove_prefix(3);
  RobotsRules of_all;
  bool found = false;  // a group that names the product
  bool naming = false, ours = false, everyones = false;
  while (!text.empty()) {
    const Line line = next_line(text);
    const bool allow = same(line.key, "allow");
    if (same(line.key, "user-agent")) {
      if (!naming) ours = everyones = false;  // a new group
      naming = true;
      everyones |= line.value == "*";
      ours |= !product.empty() && same(product_of(line.value), product);
      found |= ours;
    } else if (allow || same(line.key, "disallow")) {
      naming = false;
      if (ours) add(line.value, allow);
      if (everyones) of_all.add(line.value, allow);
    }
  }
  if (!found) rules_ = std::move(of_all.rules_);
  std::ranges::stable_sort(rules_, [](const Rule& a, const Rule& b) {
    const std::size_t length_a = a.pattern.size() + a.whole, length_b = b.pattern.size() + b.whole;
    return length_a != length_b ? length_a > length_b : a.allow && !b.allow;
  });
}

void RobotsRules::add(std::string_view pattern, bool allow) {
  if (pattern.empty()) return;  // "Disallow:" forbids nothing
  Rule rule{.pattern = normal_form(pattern, true), .allow = allow};
  rule.whole = rule.pattern.ends_with('$');
  if (rule.whole) rule.pattern.pop_back();
  rules_.push_back(std::move(rule));
}

// Between stars each piece is taken where it comes first: if it can be found later, so can what follows.
bool RobotsRules::matches(const Rule& rule, std::string_view path) {
  std::string_view pattern = rule.pattern;
  std::size_t star = pattern.find('*');
  if (!path.starts_with(pattern.substr(0, star))) return false;
  if (star == std::string_view::npos) return !rule.whole || path.size() == pattern.size();
  path.remove_prefix(star);
  while (true) {
    pattern.remove_prefix(star + 1);
    star = pattern.find('*');
    const std::string_view piece = pattern.substr(0, star);
    if (star == std::string_view::npos && rule.whole) return path.ends_with(piece);
    const std::size_t at = path.find(piece);
    if (at == std::string_view::npos) return false;
    if (star == std::string_view::npos) return true;
    path.remove_prefix(at + piece.size());
  }
}

std::string_view RobotsRules::forbids(std::string_view path) const {
  if (rules_.empty()) return {};
  const std::string normal = normal_form(path.substr(0, path.find('#')), false);
  if (normal == "/robots.txt") return {};
  const auto decides = std::ranges::find_if(rules_, [&](const Rule& rule) { return matches(rule, normal); });
  return decides == rules_.end() || decides->allow ? std::string_view() : std::string_view(decides->pattern);
}

std::size_t RobotsRules::bytes() const {
  std::size_t sum = 0;
  for (const Rule& rule : rules_) sum += sizeof(Rule) + rule.pattern.capacity();
  return sum;
}

}  // namespace brigade::worker
