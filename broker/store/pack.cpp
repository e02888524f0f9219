#include "broker/store/pack.h"

#include <cstring>
#include <utility>

#include "broker/store/crc32c.h"

namespace brigade::broker {
namespace {

std::uint32_t checksum(std::string_view bytes, RowKey key) {
  char head[sizeof(RowKey)];
  std::memcpy(head, &key, sizeof(RowKey));
  return crc32c(bytes, crc32c({head, sizeof(RowKey)}));
}

}  // namespace

void Packer::number(std::uint64_t value) {
  for (; value >= 0x80; value >>= 7) bytes_.push_back(static_cast<char>(value | 0x80));
  bytes_.push_back(static_cast<char>(value));
}

void Packer::signed_number(std::int64_t value) {
  number((static_cast<std::uint64_t>(value) << 1) ^ static_cast<std::uint64_t>(value >> 63));  // small either way
}

void Packer::text(std::string_view value) {
  number(value.size());
  bytes_.append(value);
}

std::string Packer::seal(RowKey key) {
  const std::uint32_t crc = checksum(bytes_, key);
  char tail[sizeof(crc)];
  std::memcpy(tail, &crc, sizeof(crc));
  bytes_.append(tail, sizeof(crc));
  return std::exchange(bytes_, {});
}

std::optional<Unpacker> Unpacker::open(std::string_view sealed, RowKey key) {
  std::uint32_t crc;
  if (sealed.size() < sizeof(crc)) return std::nullopt;
  const std::string_view bytes = sealed.substr(0, sealed.size() - sizeof(crc));
  std::memcpy(&crc, sealed.data() + bytes.size(), sizeof(crc));
  if (crc != checksum(bytes, key)) return std::nullopt;
  return Unpacker(bytes);
}

std::uint64_t Unpacker::number() {
  std::uint64_t value = 0;
  for (unsigned shift = 0; shift < 64 && !rest_.empty(); shift += 7) {
    const auto byte = static_cast<unsigned char>(rest_.front());
    rest_.remove_prefix(1);
    value |= static_cast<std::uint64_t>(byte & 0x7F) << shift;
    if ((byte & 0x80) == 0) return value;
  }
  whole_ = false;
  return 0;
}

std::int64_t Unpacker::signed_number() {
  const std::uint64_t value = number();
  return static_cast<std::int64_t>((value >> 1) ^ (~(value & 1) + 1));
}

std::string_view Unpacker::text() {
  const std::uint64_t size = number();
  if (size > rest_.size()) {
    whole_ = false;
    return {};
  }
  const std::string_view value = rest_.substr(0, size);
  rest_.remove_prefix(size);
  return value;
}

}  // namespace brigade::broker
