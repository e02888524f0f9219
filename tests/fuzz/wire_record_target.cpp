// What the store keeps as bytes: refused, or a value that encodes and decodes to the same value.
#include "proto/wire/codec.h"
#include "tests/fuzz/input.h"

namespace brigade::fuzz {
namespace {

Bytes joined(const wire::Frames& pieces) {
  std::string text;
  for (const Bytes& piece : pieces) text += piece.view();
  return own(text);
}

void spec(const Bytes& bytes) {
  const auto decoded = wire::decode_spec(bytes.view());
  if (!decoded) return;
  const auto again = wire::decode_spec(wire::encode_spec(*decoded));
  require(again && *again == *decoded);
}

void summary(const Bytes& bytes) {
  const auto decoded = wire::decode_summary(bytes.view());
  if (!decoded) return;
  const auto again = wire::decode_summary(wire::encode_summary(*decoded));
  require(again && *again == *decoded);
}

void block(const Bytes& bytes) {
  const auto decoded = wire::decode_block(bytes);
  if (!decoded) return;
  const auto again = wire::decode_block(joined(wire::encode_block(decoded->origin, decoded->outcomes)));
  require(again && again->origin == decoded->origin && again->outcomes == decoded->outcomes);
}

void arguments(const Bytes& bytes) {
  const auto decoded = wire::decode_arguments(bytes);
  if (!decoded) return;
  const auto& [count, values, labels] = *decoded;
  const auto again = wire::decode_arguments(joined(wire::encode_arguments(count, values, labels)));
  require(again && again->count == count && again->arguments == values && again->labels == labels);
}

}  // namespace
}  // namespace brigade::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace brigade::fuzz;
  Input input(data, size);
  constexpr void (*kDecoders[])(const brigade::Bytes&) = {spec, summary, block, arguments};
  const std::size_t which = input.below(std::size(kDecoders));
  kDecoders[which](own(input.rest()));
  return 0;
}
