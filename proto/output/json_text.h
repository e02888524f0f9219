// Pieces of JSON appended to a buffer: the hot path of printing results.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "proto/model/time.h"

namespace brigade::output {

/// Well-formed UTF-8 (no surrogates, nothing overlong, at most U+10FFFF).
bool is_utf8(std::string_view text);

/// `text` in quotation marks, escaped; a byte that is not UTF-8 becomes U+FFFD.
void append_json_string(std::string& out, std::string_view text);

void append_number(std::string& out, std::uint64_t number);

/// A duration in milliseconds with at most `decimals` (<= 6) digits after the point and no trailing zeros; 0 for
/// anything negative or not finite.
void append_ms(std::string& out, double ms, int decimals);

/// RFC 4648 with padding.
void append_base64(std::string& out, std::string_view bytes);

/// Lower-case hexadecimal digits of each byte.
void append_hex(std::string& out, std::string_view bytes);

/// "2026-11-23T05:06:07.089Z" without quotation marks; remembers the last second, since rows come in bunches.
class UtcText {
 public:
  void append(std::string& out, UtcMs time);

 private:
  std::int64_t second_ = -1;
  std::string text_;  // up to the second, without the point
};

}  // namespace brigade::output
