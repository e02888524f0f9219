#include "worker/kinds/factorial/factorial.h"

#include <openssl/evp.h>

#include <memory>
#include <string>
#include <utility>

#include "proto/base/text.h"
#include "proto/wire/kinds.h"
#include "proto/wire/limits.h"
#include "worker/kinds/factorial/decimal.h"
#include "worker/kinds/factorial/product.h"
#include "worker/kinds/factorial/size.h"
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

/// One thread's factorials of one job. Goes on from the last argument where the next one is near.
class Factorials {
 public:
  Factorials(const wire::FactorialOptions& options, std::uint64_t n_max) : options_(options), n_max_(n_max) {}

  Ending answer(std::string_view argument) {
    const std::optional<std::uint64_t> n = number_of(argument);
    if (!n) return not_a_number(argument);
    if (std::optional<Ending> refusal = check_size(*n)) return *std::move(refusal);
    const bool decimal = options_.form == FactorialForm::decimal || options_.form == FactorialForm::digest;
    Ending ending = decimal ? in_decimal(*n) : in_binary(*n);
    product_.trim();
    decimal_.trim();
    return ending;
  }

 private:
  std::optional<Ending> check_size(std::uint64_t n) const {
    if (n > n_max_)
      return Ending::failed(TaskStatus::too_large, std::to_string(n) + "! would have " + about_digits(n) +
                                                       "; this worker computes up to " + std::to_string(n_max_) +
                                                       "! (" + about_digits(n_max_) + ")");
    const std::uint64_t bytes = answer_bytes(n);
    if (bytes + kAnswerOverhead < wire::kBlobBytesMax) return std::nullopt;
    return Ending::failed(TaskStatus::too_large,
                          std::to_string(n) + "! would have " + about_digits(n) + ", " + base::format_size(bytes) +
                              " in this form; an answer has less than " + base::format_size(wire::kBlobBytesMax));
  }

  std::uint64_t answer_bytes(std::uint64_t n) const {
    switch (options_.form) {
      case FactorialForm::decimal:
        return static_cast<std::uint64_t>(log10_factorial(n)) + 2;
      case FactorialForm::hex:
        return 2 * bytes_of_factorial(n);
      case FactorialForm::binary:
        return bytes_of_factorial(n);
      case FactorialForm::digits:
      case FactorialForm::digest:
        break;
    }
    return 64;
  }

  Ending in_decimal(std::uint64_t n) {
    std::string text;
    if (decimal_.reach(n)) {
      text = decimal_.text();
    } else {
      text = decimal_of(product_.of(n));
      decimal_.set(n, text);
    }
    // Trailing zeros count the fives, of which there are fewer than twos.
    if (options_.verify &&
        (decimal_.residue(kCheckPrime) != residue_.of(n) || decimal_.trailing_zeros() != exponent_in_factorial(n, 5)))
      return wrong(n);
    wire::FactorialAnswer answer{.digits = text.size()};
    answer.value = options_.form == FactorialForm::digest ? sha256_hex(text) : std::move(text);
    return {.value = wire::encode(answer)};
  }

  Ending in_binary(std::uint64_t n) {
    const std::optional<std::uint64_t> digits = digits_of_factorial(n);
    wire::FactorialAnswer answer;
    if (options_.form == FactorialForm::digits && digits && !options_.verify) {
      answer.digits = *digits;
      return {.value = wire::encode(answer)};
    }
    const mpz_srcptr value = product_.of(n);
    if (options_.verify &&
        (mpz_fdiv_ui(value, kCheckPrime) != residue_.of(n) || mpz_scan1(value, 0) != exponent_in_factorial(n, 2)))
      return wrong(n);
    answer.digits = digits ? *digits : digits_of(value);
    if (options_.form == FactorialForm::hex) answer.value = hex_of(value);
    if (options_.form == FactorialForm::binary) answer.value = bytes_of(value);
    return {.value = wire::encode(answer)};
  }

  static Ending wrong(std::uint64_t n) {
    return Ending::failed(TaskStatus::internal,
                          std::to_string(n) + "! did not stand its check: this machine computes wrong");
  }

  const wire::FactorialOptions options_;
  const std::uint64_t n_max_;
  Product product_;
  DecimalProduct decimal_;
  FactorialResidue residue_;
};

Runner runner(const wire::FactorialOptions& options, std::uint64_t n_max) {
  const auto factorials = std::make_shared<Factorials>(options, n_max);
  return [factorials](TaskFeed& feed) {
    while (feed.next()) feed.end(factorials->answer(feed.argument()));
  };
}

}  // namespace

Kind factorial_kind(std::uint64_t n_max) {
  const auto prepare = [n_max](const JobBrief& brief) -> Result<Prepared> {
    const Result<wire::FactorialOptions> options = wire::decode_factorial_options(brief.options);
    if (!options) return options.error();
    return Prepared{.on_thread = [options = *options, n_max] { return runner(options, n_max); }, .on_loop = {}};
  };
  return {.name = "factorial", .preferred = Lane::threads, .argument_max = n_max, .prepare = prepare};
}

}  // namespace brigade::worker
