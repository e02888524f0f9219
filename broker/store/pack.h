// Numbers and texts as a row's packed bytes, sealed with a checksum over them and the row's key.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace brigade::broker {

/// Which row packed bytes belong to; part of the checksum, so that a row under another's key is noticed.
struct RowKey {
  std::uint64_t job = 0;
  std::uint64_t number = 0;
};

class Packer {
 public:
  /// Seven bits per byte, least significant first.
  void number(std::uint64_t value);
  void signed_number(std::int64_t value);
  void text(std::string_view value);
  /// Everything packed so far and its checksum; the packer is empty afterwards.
  std::string seal(RowKey key);

 private:
  std::string bytes_;
};

/// Reads what a Packer wrote, in the same order. Bytes that end early give zeros and whole() is false.
class Unpacker {
 public:
  /// Nothing when the checksum is wrong. REQUIRES: `sealed` outlives the unpacker.
  static std::optional<Unpacker> open(std::string_view sealed, RowKey key);

  std::uint64_t number();
  std::int64_t signed_number();
  std::string_view text();
  /// Whether every read found its bytes.
  bool whole() const { return whole_; }

 private:
  explicit Unpacker(std::string_view bytes) : rest_(bytes) {}

  std::string_view rest_;
  bool whole_ = true;
};

}  // namespace brigade::broker
