#include "worker/kinds/factorial/factorial.h"

#include <openssl/evp.h>

#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "proto/base/os.h"
#include "proto/base/text.h"
#include "proto/wire/kinds.h"
#include "proto/wire/limits.h"
#include "worker/kinds/factorial/compute.h"
#include "worker/kinds/factorial/needs.h"
#include "worker/kinds/factorial/product.h"
#include "worker/kinds/factorial/size.h"
#include "worker/kinds/factorial/text.h"
#include "worker/kinds/factorial/verify.h"

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

/// A task that is aborted or past its limit is given up at the next long step.
Effort effort_of(const TaskFeed& feed) {
  const auto given_up = [stop = feed.stop(), deadline = feed.task().deadline] {
    return stop.stop_requested() || (deadline != kNever && base::monotonic_now() >= deadline);
  };
  return {.team = Team(feed.spare()), .given_up = given_up};
}

struct FactorialLimits {
  std::uint64_t n = 0;
  std::uint64_t memory = 0;  ///< of one task; 0: none
};

/// One thread's factorials of one job. Goes on from the last argument where the next one is near.
class Factorials {
 public:
  Factorials(const wire::FactorialOptions& options, const FactorialLimits& limits)
      : options_(options), limits_(limits), radix_(radix_of(options.form)), product_(radix_) {}

  Ending answer(const TaskFeed& feed) {
    const std::optional<std::uint64_t> n = number_of(feed.argument());
    if (!n) return not_a_number(feed.argument());
    if (std::optional<Ending> refusal = check_size(*n)) return *std::move(refusal);
    const std::optional<std::uint64_t> digits = digits_of_factorial(*n);
    if (options_.form == FactorialForm::digits && digits && !options_.verify)
      return {.value = wire::encode(wire::FactorialAnswer{.digits = *digits})};
    const Effort effort = effort_of(feed);
    Ending ending = compute(*n, effort) ? shown(*n, effort.team) : not_finished_within(feed.task().limit);
    product_.trim();
    factorial_.trim();
    return ending;
  }

 private:
  std::optional<Ending> check_size(std::uint64_t n) const {
    if (n > limits_.n)
      return Ending::failed(TaskStatus::too_large, std::to_string(n) + "! would have " + about_digits(n) +
                                                       "; this worker computes up to " + std::to_string(limits_.n) +
                                                       "! (" + about_digits(limits_.n) + ")");
    const std::uint64_t memory = memory_of_factorial(n, options_);
    if (limits_.memory > 0 && memory > limits_.memory)
      return Ending::failed(TaskStatus::too_large, std::to_string(n) + "! would take up to " +
                                                       base::format_size(memory) + " of memory; this worker may use " +
                                                       base::format_size(limits_.memory) + " (its --memory)");
    const std::uint64_t bytes = answer_bytes_of_factorial(n, options_.form);
    if (bytes + kAnswerOverhead < wire::kBlobBytesMax) return std::nullopt;
    return Ending::failed(TaskStatus::too_large,
                          std::to_string(n) + "! would have " + about_digits(n) + ", " + base::format_size(bytes) +
                              " in this form; an answer has less than " + base::format_size(wire::kBlobBytesMax));
  }

  static Radix radix_of(FactorialForm form) {
    return form == FactorialForm::decimal || form == FactorialForm::digest ? Radix::decimal : Radix::binary;
  }

  /// n! into product_; false when it was given up.
  bool compute(std::uint64_t n, const Effort& effort) {
    if (product_.reach(n)) return true;
    product_.set(0, {});  // not both in memory at once
    std::optional<Limbs> limbs = factorial_.of(radix_, n, effort);
    if (!limbs) return false;
    product_.set(n, *std::move(limbs));
    return true;
  }

  Ending shown(std::uint64_t n, Team team) {
    if (options_.verify && !check_.stands(n, radix_, product_.limbs())) return wrong(n);
    wire::FactorialAnswer answer;
    if (radix_ == Radix::decimal) {
      std::string text = decimal_of(product_.limbs(), team);
      answer.digits = text.size();
      answer.value = options_.form == FactorialForm::digest ? sha256_hex(text) : std::move(text);
    } else {
      answer.digits = digits_of_factorial(n).value_or(0);
      if (answer.digits == 0) answer.digits = digits_of(product_.limbs());
      if (options_.form == FactorialForm::hex) answer.value = hex_of(product_.limbs());
      if (options_.form == FactorialForm::binary) answer.value = bytes_of(product_.limbs());
    }
    return {.value = wire::encode(answer)};
  }

  static Ending wrong(std::uint64_t n) {
    return Ending::failed(TaskStatus::internal,
                          std::to_string(n) + "! did not stand its check: this machine computes wrong");
  }

  const wire::FactorialOptions options_;
  const FactorialLimits limits_;
  const Radix radix_;
  Product product_;
  Factorial factorial_;
  FactorialCheck check_;
};

Runner runner(const wire::FactorialOptions& options, const FactorialLimits& limits) {
  const auto factorials = std::make_shared<Factorials>(options, limits);
  return [factorials](TaskFeed& feed) {
    while (feed.next()) feed.end(factorials->answer(feed));
  };
}

}  // namespace

Kind factorial_kind(std::uint64_t n_max, std::uint64_t memory_max) {
  const FactorialLimits limits{.n = n_max, .memory = memory_max};
  const auto prepare = [limits](const JobBrief& brief) -> Result<Prepared> {
    const Result<wire::FactorialOptions> options = wire::decode_factorial_options(brief.options);
    if (!options) return options.error();
    return Prepared{.on_thread = [options = *options, limits] { return runner(options, limits); },
                    .on_loop = {},
                    .memory_of = [options = *options](std::uint64_t n) { return memory_of_factorial(n, options); }};
  };
  return {.name = "factorial", .preferred = Lane::threads, .argument_max = n_max, .prepare = prepare};
}

}  // namespace brigade::worker
