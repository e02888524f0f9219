#include "broker/core/waiting.h"

#include <algorithm>
#include <iterator>

namespace brigade::broker {

void WaitingRuns::add(const Waiting& waiting) {
  if (waiting.run.count == 0) return;
  auto next = stretches_.upper_bound(waiting.run.first);
  require(next == stretches_.end() || next->first >= waiting.run.end());
  count_ += waiting.run.count;
  std::uint64_t first = waiting.run.first;
  std::uint64_t end = waiting.run.end();
  if (next != stretches_.end() && next->first == end && next->second.trial == waiting.trial) {
    end = next->second.end;
    next = stretches_.erase(next);
  }
  if (next != stretches_.begin()) {
    const auto previous = std::prev(next);
    require(previous->second.end <= first);
    if (previous->second.end == first && previous->second.trial == waiting.trial) {
      previous->second.end = end;
      return;
    }
  }
  stretches_.emplace_hint(next, first, Stretch{end, waiting.trial});
}

std::vector<Waiting> WaitingRuns::remove(Run run) {
  std::vector<Waiting> removed;
  if (run.count == 0) return removed;
  auto it = stretches_.upper_bound(run.first);
  if (it != stretches_.begin() && std::prev(it)->second.end > run.first) --it;
  while (it != stretches_.end() && it->first < run.end()) {
    const std::uint64_t first = it->first;
    const Stretch stretch = it->second;
    const Run part = *intersection({first, stretch.end - first}, run);
    removed.push_back({part, stretch.trial});
    count_ -= part.count;
    it = stretches_.erase(it);
    if (first < part.first) stretches_.emplace_hint(it, first, Stretch{part.first, stretch.trial});
    if (part.end() < stretch.end) it = std::next(stretches_.emplace_hint(it, part.end(), stretch));
  }
  return removed;
}

std::vector<Waiting> WaitingRuns::within(Run run) const {
  std::vector<Waiting> found;
  auto it = stretches_.upper_bound(run.first);
  if (it != stretches_.begin()) --it;
  for (; it != stretches_.end() && it->first < run.end(); ++it)
    if (const auto part = intersection({it->first, it->second.end - it->first}, run))
      found.push_back({*part, it->second.trial});
  return found;
}

std::optional<Waiting> WaitingRuns::peek(bool from_end) const {
  if (stretches_.empty()) return std::nullopt;
  const auto& [first, stretch] = from_end ? *stretches_.rbegin() : *stretches_.begin();
  return Waiting{{first, stretch.end - first}, stretch.trial};
}

std::optional<Waiting> WaitingRuns::take(std::uint64_t most, bool from_end) {
  auto waiting = peek(from_end);
  if (!waiting || most == 0) return std::nullopt;
  Run& run = waiting->run;
  const std::uint64_t count = std::min(most, run.count);
  if (from_end) run.first = run.end() - count;
  run.count = count;
  (void)remove(run);
  return waiting;
}

std::vector<Waiting> WaitingRuns::all() const {
  std::vector<Waiting> waiting;
  for (const auto& [first, stretch] : stretches_) waiting.push_back({{first, stretch.end - first}, stretch.trial});
  return waiting;
}

}  // namespace brigade::broker
