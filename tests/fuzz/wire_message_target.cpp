// Frames from a peer: refused, or a message that encodes and decodes to the same value.
#include <vector>

#include "proto/wire/codec.h"
#include "tests/fuzz/input.h"

namespace brigade::fuzz {
namespace {

/// The number of frames and their lengths, in two bytes each, then their bytes; the last frame takes the rest.
std::vector<Bytes> frames_of(Input input) {
  std::vector<std::size_t> lengths(input.below(12));
  for (std::size_t& length : lengths) {
    length = input.byte();
    length += std::size_t{input.byte()} << 8;
  }
  std::vector<Bytes> frames;
  for (const std::size_t length : lengths) frames.push_back(own(input.bytes(length)));
  frames.push_back(own(input.rest()));
  return frames;
}

}  // namespace
}  // namespace brigade::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace brigade;
  const auto message = wire::decode(fuzz::frames_of({data, size}));
  if (!message) {
    require(!message.error().message.empty());
    return 0;
  }
  const auto again = wire::decode(wire::encode(*message));
  require(static_cast<bool>(again));
  require(*again == *message);
  return 0;
}
