#include "proto/wire/text.h"

#include <algorithm>
#include <cstdint>
#include <cstring>

namespace brigade::wire {
namespace {

bool continues(char byte) {
  return (static_cast<unsigned char>(byte) & 0xC0) == 0x80;
}

// Bytes of the character that `text` begins with; 0 when it is not one. REQUIRES: not empty.
std::size_t character(std::string_view text) {
  const auto first = static_cast<unsigned char>(text[0]);
  if (first < 0x80) return 1;
  const std::size_t length = first >= 0xF0 ? 4 : first >= 0xE0 ? 3 : 2;
  if (first < 0xC2 || first > 0xF4 || text.size() < length) return 0;
  if (!std::all_of(text.begin() + 1, text.begin() + static_cast<std::ptrdiff_t>(length), continues)) return 0;
  const auto second = static_cast<unsigned char>(text[1]);
  const bool overlong = (first == 0xE0 && second < 0xA0) || (first == 0xF0 && second < 0x90);
  const bool surrogate = first == 0xED && second >= 0xA0;
  const bool beyond = first == 0xF4 && second >= 0x90;
  return overlong || surrogate || beyond ? 0 : length;
}

// Bytes of `text` below 0x80 at its beginning, by eights.
std::size_t ascii_prefix(std::string_view text) {
  std::size_t at = 0;
  for (std::uint64_t eight = 0; at + sizeof eight <= text.size(); at += sizeof eight) {
    std::memcpy(&eight, text.data() + at, sizeof eight);
    if ((eight & 0x8080'8080'8080'8080u) != 0) break;
  }
  return at;
}

}  // namespace

bool is_utf8(std::string_view text) {
  while (!text.empty()) {
    text.remove_prefix(ascii_prefix(text));
    if (text.empty()) break;
    const std::size_t length = character(text);
    if (length == 0) return false;
    text.remove_prefix(length);
  }
  return true;
}

std::string for_people(std::string_view text, std::size_t bytes_max) {
  if (text.size() <= bytes_max && is_utf8(text)) return std::string(text);
  std::string clean;
  while (!text.empty()) {
    const std::size_t length = character(text);
    const std::size_t kept = std::max<std::size_t>(length, 1);
    if (clean.size() + kept > bytes_max) break;
    clean.append(length == 0 ? std::string_view("?") : text.substr(0, length));
    text.remove_prefix(kept);
  }
  return clean;
}

}  // namespace brigade::wire
