#include "broker/core/permits.h"

#include <algorithm>

#include "proto/model/result.h"

namespace brigade::broker {
namespace {

Duration widened(Duration spacing) {
  return spacing + spacing / (std::chrono::seconds(1) / kPermitLasts);
}

}  // namespace

Permits::Permits(const Limits& limits, Instant from) : limits_(limits), next_(from) {
  require(limits.any());
  limits_.spacing = widened(limits.spacing);
  limits_.target_spacing = widened(limits.target_spacing);
}

Permits::Targets::iterator Permits::target_of(TargetId id, const std::string& name) {
  const auto entry = targets_.try_emplace(id).first;
  if (entry->second.name.empty()) entry->second.name = name;
  return entry;
}

void Permits::want(PeerId worker, const Want& want, Instant now) {
  if (want.count == 0 && (want.in_use == 0 || limits_.per_target == 0)) return;
  const auto entry = target_of(want.target, want.name);
  Target& target = entry->second;
  Part& part = target.parts[worker];
  if (part.wanted == 0 && want.count > 0) target.turns.push_back(worker);
  part.wanted += want.count;
  target.wanted += want.count;
  wanted_ += want.count;
  Sums& sums = sums_[worker];
  sums.wanted += want.count;
  if (limits_.per_target > 0) {
    part.in_use += want.in_use;
    target.in_use += want.in_use;
    sums.in_use += want.in_use;
  }
  settle(entry, now);
}

/// REQUIRES: the worker has and wants as much.
void Permits::take_off(Target& target, PeerId worker, std::uint32_t wanted, std::uint32_t in_use) {
  const auto part = target.parts.find(worker);
  part->second.wanted -= wanted;
  part->second.in_use -= in_use;
  target.wanted -= wanted;
  target.in_use -= in_use;
  wanted_ -= wanted;
  const auto sums = sums_.find(worker);
  sums->second.wanted -= wanted;
  sums->second.in_use -= in_use;
  if (sums->second.wanted == 0 && sums->second.in_use == 0) sums_.erase(sums);
  if (wanted > 0 && part->second.wanted == 0) std::erase(target.turns, worker);
  if (part->second.wanted == 0 && part->second.in_use == 0) target.parts.erase(part);
}

void Permits::release(PeerId worker, const Release& release, Instant now) {
  const auto entry = targets_.find(release.target);
  if (entry == targets_.end()) return;
  const auto part = entry->second.parts.find(worker);
  if (part == entry->second.parts.end()) return;
  take_off(entry->second, worker, std::min(release.unwanted, part->second.wanted),
           std::min(release.permits, part->second.in_use));
  settle(entry, now);
}

void Permits::hold(const Hold& hold, Instant now) {
  const Instant until = now + std::min(hold.wait, kHoldMax);
  const auto entry = target_of(hold.target, hold.name);
  if (until > entry->second.free) {
    set_free(entry, until);
    entry->second.held = true;
  }
  settle(entry, now);
}

void Permits::forget(PeerId worker, Instant now) {
  for (auto next = targets_.begin(); next != targets_.end();) {
    const auto entry = next++;
    const auto part = entry->second.parts.find(worker);
    if (part == entry->second.parts.end()) continue;
    take_off(entry->second, worker, part->second.wanted, part->second.in_use);
    settle(entry, now);
  }
}

void Permits::set_free(Targets::iterator entry, Instant free) {
  Target& target = entry->second;
  if (std::exchange(target.sleeping, false)) {
    asleep_.erase({target.free, entry->first});
    if (std::exchange(target.resting, false)) --resting_;
  }
  target.free = free;
  target.held = false;
}

/// Puts a target where it belongs after any change: in line, asleep, or nowhere; one of no interest is forgotten.
void Permits::settle(Targets::iterator entry, Instant now) {
  Target& target = entry->second;
  const Instant free = target.free;
  const bool held = target.held;
  set_free(entry, free);  // takes it out of asleep_
  target.held = held;
  if (free > std::max(next_, now)) {
    if (target.wanted == 0 && resting_ >= kRestingMax && target.in_use == 0 && !target.in_line) {
      targets_.erase(entry);
      return;
    }
    target.sleeping = true;
    asleep_.emplace(free, entry->first);
    target.resting = target.wanted == 0;
    if (target.resting) ++resting_;
  } else if (target.wanted > 0 && !is_full(target)) {
    if (!std::exchange(target.in_line, true)) ready_.push_back(entry->first);
  } else if (target.wanted == 0 && target.in_use == 0 && !target.in_line) {
    targets_.erase(entry);
  }
}

void Permits::wake(Instant now) {
  while (!asleep_.empty() && asleep_.begin()->first <= now) settle(targets_.find(asleep_.begin()->second), now);
}

/// How many permits one turn may take: what fits into the lead, shared among those in line.
std::uint32_t Permits::room(const Target& target, Instant slot, Instant now) const {
  std::uint64_t room = target.wanted;
  if (limits_.spacing > Duration{})
    room = std::min(room, static_cast<std::uint64_t>((now + kLead - slot) / limits_.spacing) + 1);
  if (limits_.per_target > 0) room = std::min<std::uint64_t>(room, limits_.per_target - target.in_use);
  if (limits_.target_spacing > Duration{}) room = 1;
  const std::uint64_t sharers = target.turns.size() + (limits_.spacing > Duration{} ? ready_.size() : 0);
  return static_cast<std::uint32_t>(std::max<std::uint64_t>(1, room / sharers));
}

Permits::Granted Permits::take_turn(Targets::iterator entry, Instant slot, Instant now) {
  Target& target = entry->second;
  const PeerId worker = target.turns.front();
  Part& part = target.parts.at(worker);
  const std::uint32_t count = std::min(part.wanted, room(target, slot, now));
  if (limits_.per_target > 0) {
    part.in_use += count;
    target.in_use += count;
    sums_[worker].in_use += count;
  }
  if (part.wanted > count) {  // to the end of the line
    target.turns.pop_front();
    target.turns.push_back(worker);
  }
  if (limits_.target_spacing > Duration{}) set_free(entry, slot + limits_.target_spacing);
  if (limits_.spacing > Duration{}) next_ = slot + limits_.spacing * count;
  take_off(target, worker, count, 0);
  return {worker, entry->first, count, slot, limits_.spacing};
}

std::vector<Permits::Granted> Permits::grant(Instant now) {
  std::vector<Granted> granted;
  looked_ = now;
  wake(now);
  while (!ready_.empty()) {
    const Instant slot = std::max(next_, now);
    if (slot > now + kLead) break;
    const auto entry = targets_.find(ready_.front());
    ready_.pop_front();
    entry->second.in_line = false;
    // Since it came in line it may have been asked to wait, have filled up, or have nothing more that waits.
    const bool able = entry->second.wanted > 0 && !is_full(entry->second) && entry->second.free <= slot;
    if (able) granted.push_back(take_turn(entry, slot, now));
    settle(entry, now);
  }
  return granted;
}

Instant Permits::next_look() const {
  Instant next = kNever;
  // Not at every instant of a fast rate: half the lead is left when the next permits are made.
  if (!ready_.empty()) next = std::max(next_ - kLead, looked_ + kLead / 2);
  if (!asleep_.empty()) next = std::min(next, asleep_.begin()->first);
  return next;
}

Permits::Sums Permits::of_worker(PeerId worker) const {
  const auto it = sums_.find(worker);
  return it == sums_.end() ? Sums{} : it->second;
}

std::uint64_t Permits::in_use(TargetId target) const {
  const auto it = targets_.find(target);
  return it == targets_.end() ? 0 : it->second.in_use;
}

std::vector<Permits::Blocked> Permits::blocked(Instant now, std::size_t most) const {
  std::vector<Blocked> blocked;
  for (const auto& [id, target] : targets_) {
    if (blocked.size() == most) break;
    const bool asleep = target.free > now;
    if (target.wanted == 0 || !(asleep || is_full(target))) continue;
    blocked.push_back({target.name, target.wanted, !asleep, target.held, target.free});
  }
  return blocked;
}

void Permits::check_invariants() const {
  std::map<PeerId, Sums> sums;
  std::uint64_t wanted = 0, in_line = 0, sleeping = 0, resting = 0;
  for (const auto& [id, target] : targets_) {
    std::uint64_t wants = 0, uses = 0, turns = 0;
    for (const auto& [worker, part] : target.parts) {
      require(part.wanted > 0 || part.in_use > 0);
      wants += part.wanted;
      uses += part.in_use;
      sums[worker].wanted += part.wanted;
      sums[worker].in_use += part.in_use;
      if (part.wanted == 0) continue;
      ++turns;
      require(std::ranges::count(target.turns, worker) == 1);
    }
    require(wants == target.wanted && uses == target.in_use && turns == target.turns.size());
    wanted += wants;
    in_line += target.in_line ? 1 : 0;
    sleeping += target.sleeping ? 1 : 0;
    resting += target.sleeping && wants == 0 ? 1 : 0;
    if (target.sleeping) require(asleep_.contains({target.free, id}));
    require(wants == 0 || is_full(target) || target.in_line || target.sleeping);  // nothing is forgotten
    require(wants > 0 || uses > 0 || target.in_line || target.sleeping);          // nothing is kept for nothing
  }
  require(wanted == wanted_ && sums == sums_ && resting == resting_);
  require(in_line == ready_.size() && sleeping == asleep_.size());
}

}  // namespace brigade::broker
