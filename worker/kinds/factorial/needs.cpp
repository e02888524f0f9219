#include "worker/kinds/factorial/needs.h"

#include <algorithm>
#include <cmath>

#include "proto/wire/limits.h"
#include "worker/kinds/factorial/shape.h"
#include "worker/kinds/factorial/size.h"

namespace brigade::worker {
namespace {

using wire::FactorialForm;

constexpr std::uint64_t kLittle = std::uint64_t{5} << 20;  // what small ones take, and all have
constexpr std::uint64_t kLimbDigits = 19;
constexpr std::uint64_t kSmallDigest = 64;

/// Nobody computes anything beyond, and its figures still fit.
std::uint64_t bounded(std::uint64_t n) {
  return std::min<std::uint64_t>(n, 1'000'000'000'000'000);
}

bool is_decimal(FactorialForm form) {
  return form == FactorialForm::decimal || form == FactorialForm::digest;
}

std::uint64_t limbs_of(std::uint64_t n, bool decimal) {
  return decimal ? static_cast<std::uint64_t>(log10_factorial(n)) / kLimbDigits + 2 : bytes_of_factorial(n) / 8 + 2;
}

/// While it is computed: the transform of a square (three residues of 8 bytes for each coefficient), the tables of
/// roots (three of half the largest piece), and the numbers: a factor, its square, the swing, their product, and what
/// the allocator keeps of them; two fifths more for its gaps, which depend on what was computed before.
std::uint64_t computing(std::uint64_t limbs) {
  const Shape shape = shape_for(limbs);
  return (24 * std::uint64_t{shape.length} + 12 * std::uint64_t{shape.largest()} + 6 * 8 * limbs) / 5 * 7;
}

/// The primes up to n, their multiples while a list of them grows, and those of a part.
std::uint64_t for_primes(std::uint64_t n) {
  return n < 3 ? 0 : 16 * static_cast<std::uint64_t>(static_cast<double>(n) / std::log(static_cast<double>(n)));
}

/// Parts differ by less than the heaviest power among them, which has n bits and is weighed as 9/8 of that.
std::uint64_t limbs_of_part(std::uint64_t n, const wire::FactorialOptions& options) {
  return limbs_of(n, is_decimal(options.form)) / options.split->parts + n / 56 + 2;
}

/// A product of two different numbers has two transforms at once; and all parts are there as they came, as numbers, and
/// as products of each other.
std::uint64_t merging(std::uint64_t limbs) {
  const Shape shape = shape_for(limbs);
  return (48 * std::uint64_t{shape.length} + 12 * std::uint64_t{shape.largest()} + 4 * 8 * limbs) / 5 * 7;
}

}  // namespace

std::uint64_t answer_bytes_of_factorial(std::uint64_t n, FactorialForm form) {
  n = bounded(n);
  switch (form) {
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
  return kSmallDigest;
}

std::uint64_t argument_bytes_of_merge(std::uint64_t n, const wire::FactorialOptions& options) {
  const std::uint64_t parts = options.split->parts;
  return 8 * (limbs_of(bounded(n), is_decimal(options.form)) + 2 * parts);  // a length, and what each is rounded up to
}

bool can_be_split(std::uint64_t n, const wire::FactorialOptions& options) {
  return argument_bytes_of_merge(n, options) < wire::kBlobBytesMax;
}

std::uint64_t memory_of_factorial(std::uint64_t n, const wire::FactorialOptions& options) {
  if (options.form == FactorialForm::digits && !options.verify && !options.split) return kLittle;
  n = bounded(n);
  if (options.split && !options.split->merge) {
    const std::uint64_t limbs = limbs_of_part(n, options);
    return kLittle + for_primes(n) + std::max(computing(limbs), 3 * 8 * limbs);
  }
  const std::uint64_t limbs = limbs_of(n, is_decimal(options.form));
  // The text and the answer around it, beside the number. A digest is made of the text, too.
  const FactorialForm shown = options.form == FactorialForm::digest ? FactorialForm::decimal : options.form;
  const std::uint64_t answering = 8 * limbs + 2 * answer_bytes_of_factorial(n, shown);
  if (!options.split) return kLittle + std::max(computing(limbs), answering);
  return kLittle + for_primes(n) + std::max(merging(limbs), answering + argument_bytes_of_merge(n, options));
}

}  // namespace brigade::worker
