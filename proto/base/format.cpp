#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "proto/base/text.h"

namespace brigade::base {
namespace {

struct Unit {
  std::string_view name;
  std::uint64_t size;
};

// Rounded to a tenth; without ".0".
std::string in_tenths(std::uint64_t amount, const Unit& unit) {
  const auto tenths =
      static_cast<std::uint64_t>(static_cast<double>(amount) * 10 / static_cast<double>(unit.size) + 0.5);
  if (tenths % 10 == 0) return fmt::format("{} {}", tenths / 10, unit.name);
  return fmt::format("{}.{} {}", tenths / 10, tenths % 10, unit.name);
}

// "3 min 20 s"; the second part only where it is not 0.
std::string in_two(std::uint64_t amount, const Unit& large, const Unit& small) {
  const std::uint64_t rounded = (amount + small.size / 2) / small.size;
  const std::uint64_t ratio = large.size / small.size;
  if (rounded % ratio == 0) return fmt::format("{} {}", rounded / ratio, large.name);
  return fmt::format("{} {} {} {}", rounded / ratio, large.name, rounded % ratio, small.name);
}

constexpr Unit kNs{"ns", 1};
constexpr Unit kUs{"µs", 1'000};
constexpr Unit kMs{"ms", 1'000'000};
constexpr Unit kSecond{"s", 1'000'000'000};
constexpr Unit kMinute{"min", 60 * kSecond.size};
constexpr Unit kHour{"h", 60 * kMinute.size};
constexpr Unit kDay{"d", 24 * kHour.size};

// Whether the amount, rounded to tenths of `unit`, stays below `limit`.
bool below(std::uint64_t amount, const Unit& limit, const Unit& unit) {
  return amount + unit.size / 20 < limit.size;
}

}  // namespace

std::string format_duration(Duration duration) {
  if (duration.count() < 0)
    return "-" + format_duration(Duration(duration.count() == INT64_MIN ? INT64_MAX : -duration.count()));
  const auto ns = static_cast<std::uint64_t>(duration.count());
  if (ns == 0) return "0 s";
  if (ns < kUs.size) return in_tenths(ns, kNs);
  if (below(ns, kMs, kUs)) return in_tenths(ns, kUs);
  if (below(ns, kSecond, kMs)) return in_tenths(ns, kMs);
  if (below(ns, kMinute, kSecond)) return in_tenths(ns, kSecond);
  if (ns + kSecond.size / 2 < kHour.size) return in_two(ns, kMinute, kSecond);
  if (ns + kMinute.size / 2 < kDay.size) return in_two(ns, kHour, kMinute);
  return in_two(ns, kDay, kHour);
}

std::string format_size(std::uint64_t bytes) {
  constexpr std::array<Unit, 6> kUnits{{{"KiB", 1ull << 10},
                                        {"MiB", 1ull << 20},
                                        {"GiB", 1ull << 30},
                                        {"TiB", 1ull << 40},
                                        {"PiB", 1ull << 50},
                                        {"EiB", 1ull << 60}}};
  if (bytes < 1024) return fmt::format("{} B", bytes);
  std::size_t at = 0;
  while (at + 1 < kUnits.size() && bytes >= kUnits[at + 1].size - kUnits[at].size / 20) ++at;
  return in_tenths(bytes, kUnits[at]);
}

std::string format_count(std::uint64_t count) {
  std::string text = std::to_string(count);
  for (std::size_t at = text.size(); at > 3; at -= 3) text.insert(at - 3, 1, ',');
  return text;
}

std::string format_utc(UtcMs time) {
  using namespace std::chrono;
  // A peer may say any number; what four digits of a year cannot tell becomes the first or last moment that they can.
  constexpr milliseconds kFirst = sys_days{year(0) / January / 1}.time_since_epoch();
  constexpr milliseconds kLast = sys_days{year(10'000) / January / 1}.time_since_epoch() - milliseconds(1);
  const sys_time<milliseconds> instant{std::clamp(milliseconds(time.value), kFirst, kLast)};
  const auto midnight = floor<days>(instant);
  const year_month_day date(midnight);
  const hh_mm_ss clock(instant - midnight);
  return fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}.{:03}Z", static_cast<int>(date.year()),
                     static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()), clock.hours().count(),
                     clock.minutes().count(), clock.seconds().count(), clock.subseconds().count());
}

}  // namespace brigade::base
