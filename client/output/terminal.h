// What the client's standard streams are connected to.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace brigade::output {

/// What decides how people are shown things; read once at the start.
struct Terminal {
  bool out_is_terminal = false;
  bool err_is_terminal = false;
  bool dumb = false;    ///< TERM=dumb or unset: no cursor movement
  bool ci = false;      ///< CI is set: a log, not a person
  bool color = false;   ///< stderr may be coloured
  bool shared = false;  ///< stdout and stderr are both the terminal
};
Terminal look_at_terminal();

/// Columns of the terminal on `fd`, or of the COLUMNS variable; 80 where neither says.
std::size_t terminal_width(int fd);

/// How many columns `text` takes: a count of code points, wide East Asian ones and emoji as two, combining as none.
std::size_t display_width(std::string_view text);

/// The text with control characters replaced by '?' (a newline and a tab by a space), so that data cannot move the
/// cursor, and cut to `width` columns with "…" at the end where it is longer.
std::string fit(std::string_view text, std::size_t width);

}  // namespace brigade::output
