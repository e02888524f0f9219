// CRC-32C (Castagnoli): the checksum of every record and row on disk.
#pragma once

#include <cstdint>
#include <string_view>

namespace brigade::broker {

/// The checksum of `data`; of what came before and `data` when `crc` is the checksum of what came before.
std::uint32_t crc32c(std::string_view data, std::uint32_t crc = 0);
/// The same without an instruction of the processor: for those that have none. Exposed for tests.
std::uint32_t crc32c_by_tables(std::string_view data, std::uint32_t crc = 0);

}  // namespace brigade::broker
