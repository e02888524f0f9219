#include "client/output/long_value.h"

#include <algorithm>
#include <utility>

#include "proto/output/json_text.h"

namespace brigade::output {

void LongText::append(std::string& out, std::string_view bytes) {
  if (!base64_) {
    // Digits need no escapes; what else a broken worker may send must not break the document.
    const auto is_digit = [](char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'); };
    const std::size_t old = out.size();
    out += bytes;
    std::replace_if(
        out.begin() + static_cast<std::ptrdiff_t>(old), out.end(), [&](char c) { return !is_digit(c); }, '?');
    return;
  }
  const std::size_t missing = rest_.empty() ? 0 : std::min(bytes.size(), 3 - rest_.size());
  rest_ += bytes.substr(0, missing);
  bytes.remove_prefix(missing);
  if (rest_.size() == 3) append_base64(out, std::exchange(rest_, {}));
  if (bytes.empty()) return;
  const std::size_t whole = bytes.size() - bytes.size() % 3;
  append_base64(out, bytes.substr(0, whole));
  rest_ += bytes.substr(whole);
}

void LongText::finish(std::string& out) {
  append_base64(out, rest_);
  rest_.clear();
}

}  // namespace brigade::output
