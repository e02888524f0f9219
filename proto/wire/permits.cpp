// Permits for the requests of jobs with limits.
#include <algorithm>
#include <limits>

#include "proto/wire/limits.h"
#include "proto/wire/parts.h"

namespace brigade::wire {
namespace {

std::uint32_t permits(std::uint32_t count, std::string_view what, Check& check) {
  return static_cast<std::uint32_t>(check.most(count, what, kPermitsMax));
}

}  // namespace

void put(const Want& message, Out& out) {
  auto& to = *out.envelope.mutable_want();
  put(message.job, *to.mutable_job());
  to.set_target(message.target.value);
  to.set_name(message.name);
  to.set_count(message.count);
  to.set_in_use(message.in_use);
}

Message get(const pb::Want& from, In& in) {
  return Want{.job = get(from.job()),
              .target = TargetId{from.target()},
              .name = in.check.text(from.name(), "want.name", kNameBytesMax),
              .count = permits(from.count(), "want.count", in.check),
              .in_use = permits(from.in_use(), "want.in_use", in.check)};
}

void put(const Grant& message, Out& out) {
  auto& to = *out.envelope.mutable_grant();
  put(message.job, *to.mutable_job());
  to.set_target(message.target.value);
  to.set_count(message.count);
  to.set_first_ns(message.first.time_since_epoch().count());
  to.set_spacing_ns(message.spacing.count());
  to.set_sent_ns(message.sent.time_since_epoch().count());
}

Message get(const pb::Grant& from, In& in) {
  const auto instant = [&in](std::int64_t ns, std::string_view what) {
    constexpr std::int64_t kNsMax = std::numeric_limits<std::int64_t>::max() / 4;  // sums of some fit
    in.check.most(static_cast<std::uint64_t>(std::max<std::int64_t>(ns, 0)), what, kNsMax);
    return Instant(in.check.duration(std::min(ns, kNsMax), what));
  };
  Grant grant{.job = get(from.job()), .target = TargetId{from.target()}};
  grant.count = permits(from.count(), "grant.count", in.check);
  grant.first = instant(from.first_ns(), "grant.first");
  grant.sent = instant(from.sent_ns(), "grant.sent");
  grant.spacing = in.check.duration(from.spacing_ns(), "grant.spacing");
  in.check.most(static_cast<std::uint64_t>(grant.spacing.count()), "grant.spacing", kGrantSpacingMax);
  return grant;
}

void put(const Release& message, Out& out) {
  auto& to = *out.envelope.mutable_release();
  put(message.job, *to.mutable_job());
  to.set_target(message.target.value);
  to.set_permits(message.permits);
  to.set_unwanted(message.unwanted);
}

Message get(const pb::Release& from, In& in) {
  return Release{.job = get(from.job()),
                 .target = TargetId{from.target()},
                 .permits = permits(from.permits(), "release.permits", in.check),
                 .unwanted = permits(from.unwanted(), "release.unwanted", in.check)};
}

void put(const Hold& message, Out& out) {
  auto& to = *out.envelope.mutable_hold();
  put(message.job, *to.mutable_job());
  to.set_target(message.target.value);
  to.set_name(message.name);
  to.set_wait_ns(message.wait.count());
}

Message get(const pb::Hold& from, In& in) {
  Hold hold{.job = get(from.job()), .target = TargetId{from.target()}};
  hold.name = in.check.text(from.name(), "hold.name", kNameBytesMax);
  hold.wait = in.check.duration(from.wait_ns(), "hold.wait");
  if (hold.wait > kHoldMax) in.check.refuse("hold.wait: {} ns, at most an hour", from.wait_ns());
  return hold;
}

}  // namespace brigade::wire
