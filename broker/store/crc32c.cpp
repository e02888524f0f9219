#include "broker/store/crc32c.h"

#include <array>
#include <cstddef>
#include <cstring>

namespace brigade::broker {
namespace {

constexpr std::uint32_t kPolynomial = 0x82F6'3B78;  // reversed

using Table = std::array<std::uint32_t, 256>;

/// Table k advances a byte's remainder by k more bytes, so that eight bytes take eight independent look-ups
/// ("slicing by 8").
constexpr std::array<Table, 8> make_tables() {
  std::array<Table, 8> tables{};
  for (std::uint32_t byte = 0; byte < 256; ++byte) {
    std::uint32_t crc = byte;
    for (int bit = 0; bit < 8; ++bit) crc = (crc >> 1) ^ ((crc & 1) != 0 ? kPolynomial : 0);
    tables[0][byte] = crc;
  }
  for (std::size_t k = 1; k < 8; ++k)
    for (std::size_t byte = 0; byte < 256; ++byte)
      tables[k][byte] = (tables[k - 1][byte] >> 8) ^ tables[0][tables[k - 1][byte] & 0xFF];
  return tables;
}

constexpr std::array<Table, 8> kTables = make_tables();

#ifdef __x86_64__
/// `state`: the remainder so far, inverted. The processor's own instruction is five times as fast, and large results
/// cost the broker little else.
__attribute__((target("sse4.2"))) std::uint32_t by_processor(std::string_view data, std::uint32_t state) {
  std::uint64_t wide = state;
  while (data.size() >= 8) {
    std::uint64_t word;
    std::memcpy(&word, data.data(), 8);
    wide = __builtin_ia32_crc32di(wide, word);
    data.remove_prefix(8);
  }
  state = static_cast<std::uint32_t>(wide);
  for (const char byte : data) state = __builtin_ia32_crc32qi(state, static_cast<unsigned char>(byte));
  return state;
}

const bool has_instruction = __builtin_cpu_supports("sse4.2");
#endif

}  // namespace

std::uint32_t crc32c(std::string_view data, std::uint32_t crc) {
#ifdef __x86_64__
  if (has_instruction) return ~by_processor(data, ~crc);
#endif
  return crc32c_by_tables(data, crc);
}

std::uint32_t crc32c_by_tables(std::string_view data, std::uint32_t crc) {
  crc = ~crc;
  while (data.size() >= 8) {
    std::uint64_t word;
    std::memcpy(&word, data.data(), 8);
    word ^= crc;
    crc = 0;
    for (std::size_t k = 0; k < 8; ++k) crc ^= kTables[7 - k][(word >> (8 * k)) & 0xFF];
    data.remove_prefix(8);
  }
  for (const char byte : data) crc = (crc >> 8) ^ kTables[0][(crc ^ static_cast<unsigned char>(byte)) & 0xFF];
  return ~crc;
}

}  // namespace brigade::broker
