// How a record begins in a segment file, for the one who writes and the one who reads it.
#pragma once

#include <cstdint>
#include <cstring>
#include <string>

namespace brigade::broker {

struct RecordHeader {
  static constexpr std::uint32_t kMagic = 0x3152'5342;  // "BSR1"

  std::uint32_t magic = kMagic;
  std::uint32_t crc = 0;     ///< CRC-32C of the bytes that follow
  std::uint64_t length = 0;  ///< how many
  bool operator==(const RecordHeader&) const = default;
};
static_assert(sizeof(RecordHeader) == 16);

}  // namespace brigade::broker
