// What the index says of one record: where it lies, and what recovery and look-ups need to know without reading it.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "broker/store/pack.h"
#include "broker/store/store.h"

namespace brigade::broker {

/// Where a record's bytes are, and their checksum.
struct Location {
  std::uint32_t segment = 0;  ///< the job's segment file, from 1; 0: in the row itself
  std::uint64_t offset = 0;   ///< of the record's header in that file
  std::uint64_t length = 0;   ///< without the header
  std::uint32_t crc = 0;
  bool operator==(const Location&) const = default;
};

struct ChunkRow {
  Run run;
  Location record;
};

struct BlockRow {
  Runs runs;      ///< as in the outcomes
  Runs failures;  ///< tasks neither ok nor cancelled
  std::array<std::uint64_t, kTaskStatuses> by_status{};
  Location record;

  std::uint64_t tasks() const { return count_of(runs); }
  std::uint64_t not_ok() const;
};

/// The index row of a block, but for its location.
BlockRow describe(const Outcomes& outcomes);

/// From the first to the last of the tasks of some runs.
struct Span {
  std::uint64_t first = 0;
  std::uint64_t last = 0;
};
Span span_of(const Runs& runs);
inline constexpr std::uint64_t kClassMax = 63;
/// The number of bits of last - first. Blocks are looked for by class: among those of one class, whoever overlaps a
/// run begins at most 2^class - 1 before it.
std::uint64_t class_of(Span span);
/// The most that last - first can be in a class.
std::uint64_t reach_of(std::uint64_t span_class);

std::string pack(RowKey key, const ChunkRow& row);
std::string pack(RowKey key, const BlockRow& row);
/// Nothing when the bytes are damaged.
std::optional<ChunkRow> unpack_chunk(RowKey key, std::string_view packed);
std::optional<BlockRow> unpack_block(RowKey key, std::string_view packed);

std::string pack(RowKey key, const AttemptsCounted& attempts);
std::optional<AttemptsCounted> unpack_attempts(RowKey key, JobId job, std::string_view packed);

}  // namespace brigade::broker
