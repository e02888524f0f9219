// Time as the cores see it: an argument, never something they ask for.
#pragma once

#include <chrono>
#include <cstdint>

namespace brigade {

/// The monotonic clock's type without its `now()`: only a loop or the simulator can make an instant.
struct Monotonic {
  using rep = std::int64_t;
  using period = std::nano;
  using duration = std::chrono::nanoseconds;
  using time_point = std::chrono::time_point<Monotonic>;
  static constexpr bool is_steady = true;
};

using Duration = Monotonic::duration;
using Instant = Monotonic::time_point;

/// Milliseconds since 1970 in UTC. A label for people; deadlines never use it.
struct UtcMs {
  std::int64_t value = 0;
  auto operator<=>(const UtcMs&) const = default;
};

/// The two clocks read together, once per event.
struct Now {
  Instant instant{};
  UtcMs utc{};
};

inline constexpr Instant kNever = Instant::max();

/// Milliseconds as a number, for humans and for the wire.
constexpr double to_ms(Duration duration) {
  return static_cast<double>(duration.count()) / 1e6;
}

}  // namespace brigade
