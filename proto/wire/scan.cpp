#include "proto/wire/scan.h"

#include <fmt/format.h>

#include <cstdint>
#include <optional>

#include "proto/wire/text.h"

namespace brigade::wire {
namespace {

using google::protobuf::Descriptor;
using google::protobuf::FieldDescriptor;

// Upper estimates of what things take when parsed.
constexpr std::uint64_t kMessageCost = 400;
constexpr std::uint64_t kTextCost = 64;    // besides its bytes
constexpr std::uint64_t kNumberCost = 16;  // 8, in an array that doubles
constexpr int kDepthMax = 6;
constexpr std::size_t kVarintBytesMax = 10;

enum WireType : unsigned { kVarint = 0, kFixed64 = 1, kLength = 2, kFixed32 = 5 };

class Scanner {
 public:
  explicit Scanner(std::uint64_t parsed_bytes_max) : max_(parsed_bytes_max), left_(parsed_bytes_max) {}
  std::optional<std::string> message(const Descriptor* type, std::string_view bytes, int depth);

 private:
  std::optional<std::string> content(const FieldDescriptor* field, std::string_view bytes, int depth);
  std::optional<std::string> charge(std::uint64_t cost);

  std::uint64_t max_;
  std::uint64_t left_;
};

std::optional<std::uint64_t> take_varint(std::string_view& bytes) {
  std::uint64_t value = 0;
  for (std::size_t i = 0; i < bytes.size() && i < kVarintBytesMax; ++i) {
    const auto byte = static_cast<unsigned char>(bytes[i]);
    value |= static_cast<std::uint64_t>(byte & 0x7F) << (7 * i);
    if (byte < 0x80) {
      bytes.remove_prefix(i + 1);
      return value;
    }
  }
  return std::nullopt;
}

std::optional<std::string> Scanner::charge(std::uint64_t cost) {
  if (cost > left_) return fmt::format("its content would take more than {} bytes of memory", max_);
  left_ -= cost;
  return std::nullopt;
}

std::optional<std::string> Scanner::content(const FieldDescriptor* field, std::string_view bytes, int depth) {
  if (field != nullptr && field->cpp_type() == FieldDescriptor::CPPTYPE_MESSAGE) {
    if (depth == kDepthMax) return fmt::format("messages nested deeper than {}", kDepthMax);
    if (auto refused = charge(kMessageCost)) return refused;
    return message(field->message_type(), bytes, depth + 1);
  }
  const bool numbers = field != nullptr && field->cpp_type() != FieldDescriptor::CPPTYPE_STRING;
  if (numbers) return charge(bytes.size() * kNumberCost);  // packed: a byte or more for each
  if (field != nullptr && field->type() == FieldDescriptor::TYPE_STRING && !is_utf8(bytes))
    return fmt::format("{}: not UTF-8", field->name());
  return charge(kTextCost + bytes.size());
}

std::optional<std::string> Scanner::message(const Descriptor* type, std::string_view bytes, int depth) {
  while (!bytes.empty()) {
    const auto tag = take_varint(bytes);
    if (!tag || (*tag >> 3) == 0 || (*tag >> 32) != 0) return "a field's tag is broken";
    std::uint64_t length = 0;
    switch (*tag & 7) {
      case kVarint:
        if (!take_varint(bytes)) return "a number is broken";
        break;
      case kFixed64:
        length = 8;
        break;
      case kFixed32:
        length = 4;
        break;
      case kLength: {
        const auto told = take_varint(bytes);
        if (!told) return "a length is broken";
        length = *told;
        break;
      }
      default:
        return "a field's form is not in use";
    }
    if (length > bytes.size()) return "a field is longer than the message";
    const std::string_view inside = bytes.substr(0, length);
    bytes.remove_prefix(length);
    const bool has_content = (*tag & 7) == kLength;
    const auto* field = type->FindFieldByNumber(static_cast<int>(*tag >> 3));
    if (auto refused = has_content ? content(field, inside, depth) : charge(kNumberCost)) return refused;
  }
  return std::nullopt;
}

}  // namespace

Result<void> scan(const Descriptor& type, std::string_view bytes, std::size_t parsed_bytes_max) {
  if (auto refused = Scanner(parsed_bytes_max).message(&type, bytes, 0))
    return Error{ErrorCode::malformed, std::move(*refused)};
  return {};
}

}  // namespace brigade::wire
