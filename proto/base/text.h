// Numbers, durations and sizes as people write them.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "proto/model/result.h"
#include "proto/model/time.h"

namespace brigade::base {

/// Decimal digits only: "1e9", "-1", "0x10", "" are errors that say why.
Result<std::uint64_t> parse_number(std::string_view text);
/// "500ms", "30s", "1.5h", "7d", "250us"; a unit is required except for 0.
Result<Duration> parse_duration(std::string_view text);
/// "100/s", "10/m", "0.5/s", "3600/h"; a plain number is per second: the time from one to the next, rounded up.
Result<Duration> parse_rate(std::string_view text);
/// "8MiB", "1GiB", "4096", "10kB", "64KiB": bytes.
Result<std::uint64_t> parse_size(std::string_view text);

/// "1.5 s", "12 ms", "3 min 20 s": for people.
std::string format_duration(Duration duration);
/// "5.7 MiB": for people.
std::string format_size(std::uint64_t bytes);
/// "1,234,567": for people.
std::string format_count(std::uint64_t count);
/// "2026-11-23T05:06:07.089Z": ISO 8601 in UTC.
std::string format_utc(UtcMs time);

}  // namespace brigade::base
