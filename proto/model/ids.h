// Strong ids: a lease is not a peer, and the compiler knows it.
#pragma once

#include <compare>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

namespace brigade {

template <class Tag>
struct Id {
  std::uint64_t value = 0;
  auto operator<=>(const Id&) const = default;
  explicit operator bool() const { return value != 0; }
};

/// A connection as its owner's socket names it; a peer that reconnects has a new one.
using PeerId = Id<struct PeerTag>;
/// Never reused, across restarts too: the broker's epoch in the high 24 bits, a counter in the low 40.
using LeaseId = Id<struct LeaseTag>;
/// One life of a worker process, chosen by it at random; survives its reconnects.
using InstanceId = Id<struct InstanceTag>;
/// One write to the store; grows by one with each.
using Sequence = Id<struct SequenceTag>;
/// A client's number for one of its requests or readers.
using RequestId = Id<struct RequestTag>;

/// What a job's limits count apart, such as a host: a hash that its kind makes. 0 is none.
using TargetId = Id<struct TargetTag>;

/// 128 random bits. Written as 32 lower-case hexadecimal digits.
struct JobId {
  std::uint64_t high = 0;
  std::uint64_t low = 0;
  auto operator<=>(const JobId&) const = default;
  explicit operator bool() const { return high != 0 || low != 0; }
};

std::string to_string(JobId id);
std::optional<JobId> parse_job_id(std::string_view text);

}  // namespace brigade

template <class Tag>
struct std::hash<brigade::Id<Tag>> {
  std::size_t operator()(brigade::Id<Tag> id) const noexcept { return std::hash<std::uint64_t>{}(id.value); }
};
template <>
struct std::hash<brigade::JobId> {
  std::size_t operator()(brigade::JobId id) const noexcept { return id.high ^ id.low; }  // random already
};
