// What the bytes of a fuzzer's input mean: choices and small numbers, one after another. After the end all is 0.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "proto/model/bytes.h"

namespace brigade::fuzz {

class Input {
 public:
  Input(const std::uint8_t* data, std::size_t size) : left_(reinterpret_cast<const char*>(data), size) {}

  bool empty() const { return left_.empty(); }
  std::uint8_t byte() {
    const std::string_view one = bytes(1);
    return one.empty() ? std::uint8_t{0} : static_cast<std::uint8_t>(one[0]);
  }
  bool flag() { return (byte() & 1) != 0; }
  /// 0..count-1. REQUIRES: 0 < count <= 256.
  std::size_t below(std::size_t count) { return byte() % count; }

  /// Small as a rule, so that numbers hit what is there; now and then any 64 bits.
  std::uint64_t number() {
    const std::uint8_t first = byte();
    if (first < 0xF0) return first % 16;
    if (first < 0xFC) return std::uint64_t{1} << (4 * (first - 0xF0) + 4);  // 16 … 2^48
    std::uint64_t any = 0;
    for (int i = 0; i < 8; ++i) any = any << 8 | byte();
    return any;
  }
  /// Up to `count` bytes; fewer at the end.
  std::string_view bytes(std::size_t count) {
    const std::string_view taken = left_.substr(0, count);
    left_.remove_prefix(taken.size());
    return taken;
  }
  /// As many bytes as the next byte says.
  std::string text() { return std::string(bytes(byte())); }
  std::string_view rest() { return bytes(left_.size()); }

 private:
  std::string_view left_;
};

/// A copy in a block of its own, so that the sanitizer sees a read beyond its end.
inline Bytes own(std::string_view bytes) {
  return Bytes::of(std::vector<char>(bytes.begin(), bytes.end()));
}

}  // namespace brigade::fuzz
