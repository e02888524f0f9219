#include "worker/kinds/factorial/answer.h"

#include <openssl/evp.h>

#include <string>
#include <utility>

#include "proto/base/os.h"
#include "proto/base/text.h"
#include "proto/wire/limits.h"
#include "worker/kinds/factorial/needs.h"
#include "worker/kinds/factorial/size.h"
#include "worker/kinds/factorial/text.h"

namespace brigade::worker {
namespace {

using wire::FactorialForm;

constexpr std::uint64_t kAnswerOverhead = 64;  // of the encoded answer around its value

std::string sha256_hex(std::string_view text) {
  unsigned char digest[EVP_MAX_MD_SIZE];
  unsigned int size = 0;
  EVP_Digest(text.data(), text.size(), digest, &size, EVP_sha256(), nullptr);
  std::string hex;
  for (unsigned int i = 0; i < size; ++i) {
    hex += "0123456789abcdef"[digest[i] >> 4];
    hex += "0123456789abcdef"[digest[i] & 15];
  }
  return hex;
}

/// About how many digits n! has, in words: exact numbers of this size are not worth computing for a message.
std::string about_digits(std::uint64_t n) {
  const long double log10 = log10_factorial(n);
  if (log10 < 1e18L) return base::format_count(static_cast<std::uint64_t>(log10) + 1) + " digits";
  return "more than 10^18 digits";
}

}  // namespace

Radix radix_of(FactorialForm form) {
  return form == FactorialForm::decimal || form == FactorialForm::digest ? Radix::decimal : Radix::binary;
}

Effort effort_of(const TaskFeed& feed) {
  const auto given_up = [stop = feed.stop(), deadline = feed.task().deadline] {
    return stop.stop_requested() || (deadline != kNever && base::monotonic_now() >= deadline);
  };
  return {.team = Team(feed.spare()), .given_up = given_up};
}

std::optional<Ending> refusal_of(std::uint64_t n, const wire::FactorialOptions& options,
                                 const FactorialLimits& limits) {
  if (n > limits.n)
    return Ending::failed(TaskStatus::too_large, std::to_string(n) + "! would have " + about_digits(n) +
                                                     "; this worker computes up to " + std::to_string(limits.n) +
                                                     "! (" + about_digits(limits.n) + ")");
  const std::uint64_t memory = memory_of_factorial(n, options);
  if (limits.memory > 0 && memory > limits.memory)
    return Ending::failed(TaskStatus::too_large, std::to_string(n) + "! would take up to " + base::format_size(memory) +
                                                     " of memory; this worker may use " +
                                                     base::format_size(limits.memory) + " (its --memory)");
  const std::uint64_t bytes = answer_bytes_of_factorial(n, options.form);
  if (bytes + kAnswerOverhead < wire::kBlobBytesMax) return std::nullopt;
  return Ending::failed(TaskStatus::too_large,
                        std::to_string(n) + "! would have " + about_digits(n) + ", " + base::format_size(bytes) +
                            " in this form; an answer has less than " + base::format_size(wire::kBlobBytesMax));
}

Ending answer_with(std::uint64_t n, LimbsView number, FactorialForm form, Team team) {
  if (radix_of(form) == Radix::decimal) {
    const std::string text = decimal_of(number, team);
    if (form == FactorialForm::digest) return {.value = wire::encode_factorial_answer(text.size(), sha256_hex(text))};
    return {.value = wire::encode_factorial_answer(text.size(), text)};
  }
  const std::optional<std::uint64_t> known = digits_of_factorial(n);
  const std::uint64_t digits = known ? *known : digits_of(number);
  if (form == FactorialForm::hex) return {.value = wire::encode_factorial_answer(digits, hex_of(number))};
  if (form == FactorialForm::binary) return {.value = wire::encode_factorial_answer(digits, bytes_of(number))};
  return {.value = wire::encode_factorial_answer(digits, {})};
}

Ending computed_wrong(const std::string& what) {
  return Ending::failed(TaskStatus::internal, what + " did not stand its check: this machine computes wrong");
}

}  // namespace brigade::worker
