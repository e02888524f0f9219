#include "worker/kinds/factorial/needs.h"

#include <algorithm>

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

std::uint64_t memory_of_factorial(std::uint64_t n, const wire::FactorialOptions& options) {
  if (options.form == FactorialForm::digits && !options.verify) return kLittle;
  const std::uint64_t limbs = limbs_of(bounded(n), is_decimal(options.form));
  // The text and the answer around it, beside the number. A digest is made of the text, too.
  const FactorialForm shown = options.form == FactorialForm::digest ? FactorialForm::decimal : options.form;
  const std::uint64_t answering = 8 * limbs + 2 * answer_bytes_of_factorial(n, shown);
  return kLittle + std::max(computing(limbs), answering);
}

}  // namespace brigade::worker
