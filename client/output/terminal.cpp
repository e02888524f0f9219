#include "client/output/terminal.h"

#include <sys/ioctl.h>
#include <unistd.h>

#include <cstdint>
#include <cstdlib>

#include "proto/output/json_text.h"

namespace brigade::output {
namespace {

bool is_set(const char* name) {
  const char* value = std::getenv(name);
  return value != nullptr && *value != '\0';
}

struct CodePoint {
  std::uint32_t value = 0;
  std::size_t bytes = 1;
};

/// REQUIRES: `text` is not empty and is UTF-8.
CodePoint first_of(std::string_view text) {
  const auto byte = [&](std::size_t i) { return static_cast<std::uint32_t>(static_cast<unsigned char>(text[i])); };
  const std::uint32_t lead = byte(0);
  const std::size_t bytes = lead < 0x80 ? 1 : lead < 0xE0 ? 2 : lead < 0xF0 ? 3 : 4;
  if (bytes == 1 || text.size() < bytes) return {lead, 1};
  std::uint32_t value = lead & (0xFFu >> (bytes + 1));
  for (std::size_t i = 1; i < bytes; ++i) value = value << 6 | (byte(i) & 0x3F);
  return {value, bytes};
}

std::size_t columns_of(std::uint32_t point) {
  const auto in = [point](std::uint32_t low, std::uint32_t high) { return point >= low && point <= high; };
  if (in(0x300, 0x36F) || in(0x200B, 0x200F) || in(0xFE00, 0xFE0F) || in(0x20D0, 0x20FF)) return 0;
  const bool wide = in(0x1100, 0x115F) || in(0x2E80, 0xA4CF) || in(0xAC00, 0xD7A3) || in(0xF900, 0xFAFF) ||
                    in(0xFE30, 0xFE6F) || in(0xFF00, 0xFF60) || in(0xFFE0, 0xFFE6) || in(0x1F300, 0x1FAFF) ||
                    in(0x20000, 0x3FFFD);
  return wide ? 2 : 1;
}

bool is_control(std::uint32_t point) {
  return point < 0x20 || (point >= 0x7F && point < 0xA0) || (point >= 0x202A && point <= 0x202E) ||
         (point >= 0x2066 && point <= 0x2069);
}

std::string cleaned(std::string_view text) {
  std::string out;
  if (!is_utf8(text)) {
    for (const char c : text)
      out += static_cast<unsigned char>(c) >= 0x20 && static_cast<unsigned char>(c) < 0x7F ? c : '?';
    return out;
  }
  while (!text.empty()) {
    const CodePoint point = first_of(text);
    if (point.value == '\n' || point.value == '\t') {
      out += ' ';
    } else if (is_control(point.value)) {
      out += '?';
    } else {
      out += text.substr(0, point.bytes);
    }
    text.remove_prefix(point.bytes);
  }
  return out;
}

}  // namespace

Terminal look_at_terminal() {
  const char* term = std::getenv("TERM");
  Terminal terminal;
  terminal.out_is_terminal = isatty(STDOUT_FILENO) == 1;
  terminal.err_is_terminal = isatty(STDERR_FILENO) == 1;
  terminal.dumb = term == nullptr || *term == '\0' || std::string_view(term) == "dumb";
  terminal.ci = is_set("CI");
  terminal.color = terminal.err_is_terminal && !terminal.dumb && !is_set("NO_COLOR");
  terminal.shared = terminal.out_is_terminal && terminal.err_is_terminal;
  return terminal;
}

std::size_t terminal_width(int fd) {
  winsize size{};
  if (ioctl(fd, TIOCGWINSZ, &size) == 0 && size.ws_col > 0) return size.ws_col;
  if (const char* columns = std::getenv("COLUMNS")) {
    const long width = std::strtol(columns, nullptr, 10);
    if (width > 0 && width < 100'000) return static_cast<std::size_t>(width);
  }
  return 80;
}

std::size_t display_width(std::string_view text) {
  std::size_t width = 0;
  while (!text.empty()) {
    const CodePoint point = first_of(text);
    width += columns_of(point.value);
    text.remove_prefix(point.bytes);
  }
  return width;
}

std::string fit(std::string_view text, std::size_t width) {
  // A value may have megabytes of which a line shows a few: look only at what could be shown.
  const std::size_t most = 4 * width + 16;
  std::string_view head = text.substr(0, most);
  const auto is_continuation = [](char c) { return (static_cast<unsigned char>(c) & 0xC0) == 0x80; };
  if (text.size() > most) {
    while (head.size() > most - 4 && is_continuation(text[head.size()])) head.remove_suffix(1);
  }
  const std::string clean = cleaned(head);
  if (text.size() <= most && display_width(clean) <= width) return clean;
  if (width == 0) return {};
  std::string out;
  std::size_t used = 0;
  std::string_view rest = clean;
  while (!rest.empty()) {
    const CodePoint point = first_of(rest);
    if (used + columns_of(point.value) > width - 1) break;
    used += columns_of(point.value);
    out += rest.substr(0, point.bytes);
    rest.remove_prefix(point.bytes);
  }
  return out + "…";
}

}  // namespace brigade::output
