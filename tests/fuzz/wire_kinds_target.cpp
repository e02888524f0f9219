// Arguments, options and answers of the kinds: refused, or a value that encodes and decodes to the same bytes.
#include "proto/wire/kinds.h"
#include "tests/fuzz/input.h"

namespace brigade::fuzz {
namespace {

// By their bytes: the values are not comparable, and an answer's times may be NaN.
template <auto decode>
void round_trip(const Bytes& bytes) {
  const auto value = decode(bytes.view());
  if (!value) return;
  const std::string once = wire::encode(*value);
  const auto again = decode(once);
  require(again && wire::encode(*again) == once);
}

void number(const Bytes& bytes) {
  const auto decoded = wire::decode_number(bytes.view());
  if (decoded) require(wire::encode_number(*decoded) == bytes.view());
}

void factorial_answer(const Bytes& bytes) {
  const auto answer = wire::decode_factorial_answer(bytes.view());
  if (!answer) return;
  const auto again = wire::decode_factorial_answer(wire::encode_factorial_answer(answer->digits, answer->value));
  require(again && again->digits == answer->digits && again->value == answer->value);
}

void factorial_parts(const Bytes& bytes) {
  constexpr std::uint32_t kParts = 3;
  const auto views = wire::decode_factorial_parts(bytes.view(), kParts);
  if (!views) return;
  require(wire::encode_factorial_parts({views->begin(), views->end()}) == bytes.view());
}

void fetch_argument(const Bytes& bytes) {
  const auto request = wire::decode_fetch_argument(bytes.view());
  if (!request) return;
  const auto again = wire::decode_fetch_argument(wire::encode_fetch_argument(*request));
  // A request that is only a URL is encoded as that, and a URL that begins with a zero byte is a request.
  require(!again || *again == *request);
}

}  // namespace
}  // namespace brigade::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace brigade;
  using namespace brigade::fuzz;
  constexpr void (*kDecoders[])(const Bytes&) = {
      number,
      round_trip<wire::decode_factorial_options>,
      factorial_answer,
      round_trip<wire::decode_fetch_options>,
      round_trip<wire::decode_fetch_answer>,
      fetch_argument,
      round_trip<wire::decode_label>,
      factorial_parts,
  };
  Input input(data, size);
  const std::size_t which = input.below(std::size(kDecoders));
  kDecoders[which](own(input.rest()));
  return 0;
}
