#include "proto/model/runs.h"

#include <algorithm>
#include <iterator>

namespace brigade {

std::optional<Run> intersection(Run a, Run b) {
  const std::uint64_t first = std::max(a.first, b.first);
  const std::uint64_t end = std::min(a.end(), b.end());
  if (first >= end) return std::nullopt;
  return Run{first, end - first};
}

std::uint64_t count_of(const Runs& runs) {
  std::uint64_t total = 0;
  for (const Run& run : runs) total += run.count;
  return total;
}

RunSet::Ends::const_iterator RunSet::containing_or_after(std::uint64_t index) const {
  auto it = ends_.upper_bound(index);
  if (it != ends_.begin() && std::prev(it)->second > index) return std::prev(it);
  return it;
}

void RunSet::insert(Run run) {
  if (run.count == 0) return;
  std::uint64_t first = run.first;
  std::uint64_t end = run.end();
  auto it = ends_.upper_bound(first);
  if (it != ends_.begin() && std::prev(it)->second >= first) --it;
  while (it != ends_.end() && it->first <= end) {  // swallow what overlaps or touches
    first = std::min(first, it->first);
    end = std::max(end, it->second);
    count_ -= it->second - it->first;
    it = ends_.erase(it);
  }
  ends_.emplace_hint(it, first, end);
  count_ += end - first;
}

void RunSet::erase(Run run) {
  for (const Run& part : within(run)) {
    auto it = std::prev(ends_.upper_bound(part.first));
    const auto [first, end] = *it;
    it = ends_.erase(it);
    if (part.end() < end) it = ends_.emplace_hint(it, part.end(), end);
    if (first < part.first) ends_.emplace_hint(it, first, part.first);
    count_ -= part.count;
  }
}

void RunSet::clear() {
  ends_.clear();
  count_ = 0;
}

bool RunSet::contains(std::uint64_t index) const {
  const auto it = containing_or_after(index);
  return it != ends_.end() && it->first <= index;
}

Runs RunSet::within(Run run) const {
  Runs parts;
  for (auto it = containing_or_after(run.first); it != ends_.end() && it->first < run.end(); ++it)
    if (const auto part = intersection(run, {it->first, it->second - it->first})) parts.push_back(*part);
  return parts;
}

Runs RunSet::missing(Run run) const {
  Runs gaps;
  std::uint64_t at = run.first;
  for (const Run& part : within(run)) {
    if (part.first > at) gaps.push_back({at, part.first - at});
    at = part.end();
  }
  if (at < run.end()) gaps.push_back({at, run.end() - at});
  return gaps;
}

std::uint64_t RunSet::first_missing(std::uint64_t index) const {
  const auto it = containing_or_after(index);
  return it != ends_.end() && it->first <= index ? it->second : index;
}

std::optional<Run> RunSet::first_at_or_after(std::uint64_t index) const {
  const auto it = containing_or_after(index);
  if (it == ends_.end()) return std::nullopt;
  const std::uint64_t first = std::max(index, it->first);
  return Run{first, it->second - first};
}

Runs RunSet::runs() const {
  Runs all;
  all.reserve(ends_.size());
  for (const auto& [first, end] : ends_) all.push_back({first, end - first});
  return all;
}

}  // namespace brigade
