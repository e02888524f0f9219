// The log of a program: one line per event on stderr, written before the call returns.
#pragma once

#include <fmt/format.h>

#include <string_view>

#include "proto/model/result.h"

namespace brigade::base::log {

enum class Level { debug, info, warn, error, off };

/// Sets what is logged: "debug", "info", "warn", "error" or "off". Where `level` is empty the environment's BRIGADE_LOG
/// counts, and without that "info". Call it before any thread is started.
Result<void> init(std::string_view level = {});

bool enabled(Level level);
/// One line: UTC time, level, text. Control characters of the text, a line's end among them, are written as \xNN.
void write(Level level, std::string_view text);

template <class... Args>
void debug(fmt::format_string<Args...> format, Args&&... args) {
  if (enabled(Level::debug)) write(Level::debug, fmt::format(format, std::forward<Args>(args)...));
}
template <class... Args>
void info(fmt::format_string<Args...> format, Args&&... args) {
  if (enabled(Level::info)) write(Level::info, fmt::format(format, std::forward<Args>(args)...));
}
template <class... Args>
void warn(fmt::format_string<Args...> format, Args&&... args) {
  if (enabled(Level::warn)) write(Level::warn, fmt::format(format, std::forward<Args>(args)...));
}
template <class... Args>
void error(fmt::format_string<Args...> format, Args&&... args) {
  if (enabled(Level::error)) write(Level::error, fmt::format(format, std::forward<Args>(args)...));
}

}  // namespace brigade::base::log
