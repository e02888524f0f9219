#include "proto/model/job.h"

#include <algorithm>

namespace brigade {
namespace {

constexpr std::array<std::string_view, 5> kModes{"auto", "serial", "threads", "processes", "coroutines"};
constexpr std::array<std::string_view, 4> kStates{"queued", "running", "done", "cancelled"};

Placement of_mode(Mode mode, Lane preferred) {
  switch (mode) {
    case Mode::serial:
      return {.lane = Lane::threads, .per_worker = 1, .workers = 1};
    case Mode::processes:
      return {.lane = Lane::threads, .per_worker = 1};
    case Mode::threads:
      return {.lane = Lane::threads};
    case Mode::coroutines:
      return {.lane = Lane::loop};
    case Mode::automatic:
      break;
  }
  return {.lane = preferred};
}

}  // namespace

std::string_view name_of(Mode mode) {
  return kModes.at(static_cast<std::size_t>(mode));
}

std::optional<Mode> parse_mode(std::string_view name) {
  const auto it = std::ranges::find(kModes, name);
  if (it == kModes.end()) return std::nullopt;
  return static_cast<Mode>(it - kModes.begin());
}

std::string_view name_of(JobState state) {
  return kStates.at(static_cast<std::size_t>(state));
}

Placement placement_of(Mode mode, Lane preferred, const Ceilings& ceilings) {
  Placement placement = of_mode(mode, preferred);
  if (ceilings.per_worker > 0) placement.per_worker = std::min(placement.per_worker, ceilings.per_worker);
  if (ceilings.workers > 0) placement.workers = std::min(placement.workers, ceilings.workers);
  return placement;
}

}  // namespace brigade
