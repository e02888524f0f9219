#include "proto/base/log.h"

#include <spdlog/logger.h>
#include <spdlog/pattern_formatter.h>
#include <spdlog/sinks/stdout_sinks.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <memory>
#include <string>

namespace brigade::base::log {
namespace {

constexpr std::array<std::string_view, 5> kNames{"debug", "info", "warn", "error", "off"};
constexpr std::array<spdlog::level::level_enum, 5> kLevels{spdlog::level::debug, spdlog::level::info,
                                                           spdlog::level::warn, spdlog::level::err, spdlog::level::off};

// The process has one stderr, and so one logger.
spdlog::logger& logger() {
  static const std::unique_ptr<spdlog::logger> kLogger = [] {
    auto made = std::make_unique<spdlog::logger>("brigade", std::make_shared<spdlog::sinks::stderr_sink_mt>());
    made->set_formatter(
        std::make_unique<spdlog::pattern_formatter>("%Y-%m-%dT%H:%M:%S.%eZ %l: %v", spdlog::pattern_time_type::utc));
    made->set_level(spdlog::level::info);
    return made;
  }();
  return *kLogger;
}

bool is_control(char c) {
  return static_cast<unsigned char>(c) < 0x20 || c == 0x7f;
}

// A peer's text must not be able to forge a line of its own or to steer a terminal.
std::string printable(std::string_view text) {
  std::string safe;
  safe.reserve(text.size() + 16);
  for (const char c : text) {
    if (is_control(c))
      safe += fmt::format("\\x{:02x}", static_cast<unsigned>(c));
    else
      safe += c;
  }
  return safe;
}

}  // namespace

Result<void> init(std::string_view level) {
  std::string_view wanted = level;
  if (const char* fallback = std::getenv("BRIGADE_LOG"); wanted.empty() && fallback != nullptr) wanted = fallback;
  if (wanted.empty()) wanted = "info";
  const auto it = std::find(kNames.begin(), kNames.end(), wanted);
  if (it == kNames.end())
    return Error{ErrorCode::invalid,
                 fmt::format("\"{}\" is no log level; it is one of {}", wanted, fmt::join(kNames, ", "))};
  logger().set_level(kLevels[static_cast<std::size_t>(it - kNames.begin())]);
  return {};
}

bool enabled(Level level) {
  return logger().should_log(kLevels[static_cast<std::size_t>(level)]);
}

void write(Level level, std::string_view text) {
  const auto at = kLevels[static_cast<std::size_t>(level)];
  if (std::none_of(text.begin(), text.end(), is_control))
    logger().log(at, text);
  else
    logger().log(at, printable(text));
}

}  // namespace brigade::base::log
