#include "worker/kinds/factorial/decimal.h"

#include <algorithm>
#include <charconv>
#include <cstring>

#include "worker/kinds/factorial/product.h"

namespace brigade::worker {
namespace {

__extension__ using Wide = unsigned __int128;

constexpr std::size_t kLimbDigits = 19;
constexpr std::uint64_t kBase = 10'000'000'000'000'000'000u;  // 10^19: its highest bit is set
// floor((2^128 - 1) / kBase) - 2^64: the reciprocal of Möller and Granlund, "Improved division by invariant integers".
constexpr std::uint64_t kReciprocal = static_cast<std::uint64_t>(~Wide{0} / kBase - (Wide{1} << 64));

/// Divides by kBase with two multiplications. REQUIRES: the high half of `value` is below kBase.
inline std::uint64_t divide(Wide value, std::uint64_t& remainder) {
  const auto high = static_cast<std::uint64_t>(value >> 64);
  const auto low = static_cast<std::uint64_t>(value);
  const Wide estimate = Wide{kReciprocal} * high + value;
  std::uint64_t quotient = static_cast<std::uint64_t>(estimate >> 64) + 1;
  remainder = low - quotient * kBase;
  if (remainder > static_cast<std::uint64_t>(estimate)) {
    --quotient;
    remainder += kBase;
  }
  if (remainder >= kBase) {
    ++quotient;
    remainder -= kBase;
  }
  return quotient;
}

void write_limb(char* out, std::uint64_t limb) {
  for (std::size_t i = kLimbDigits; i-- > 0; limb /= 10) out[i] = static_cast<char>('0' + limb % 10);
}

}  // namespace

void DecimalProduct::set(std::uint64_t n, std::string_view digits) {
  n_ = n;
  limbs_.clear();
  limbs_.reserve(digits.size() / kLimbDigits + 2);
  for (std::size_t end = digits.size(); end > 0; end -= std::min(end, kLimbDigits)) {
    const std::size_t begin = end - std::min(end, kLimbDigits);
    std::uint64_t limb = 0;
    std::from_chars(digits.data() + begin, digits.data() + end, limb);
    limbs_.push_back(limb);
  }
}

bool DecimalProduct::reach(std::uint64_t n) {
  if (limbs_.empty() || n < n_ || n - n_ > kStepsMax) return false;
  for_each_factor(n_, n, [this](std::uint64_t factor) { multiply(factor); });
  n_ = n;
  return true;
}

void DecimalProduct::multiply(std::uint64_t factor) {
  std::uint64_t carry = 0;
  for (std::uint64_t& limb : limbs_) {
    // limb < kBase and carry <= factor: the high half stays below kBase.
    const Wide product = Wide{limb} * factor + carry;
    carry = divide(product, limb);
  }
  while (carry > 0) {
    limbs_.push_back(carry % kBase);
    carry /= kBase;
  }
}

std::string DecimalProduct::text() const {
  if (limbs_.empty()) return "";
  char first[kLimbDigits + 1];
  const auto written = std::to_chars(first, first + sizeof first, limbs_.back());
  const auto head = static_cast<std::size_t>(written.ptr - first);
  std::string text(head + (limbs_.size() - 1) * kLimbDigits, '\0');
  std::memcpy(text.data(), first, head);
  char* out = text.data() + head;
  for (std::size_t i = limbs_.size() - 1; i-- > 0; out += kLimbDigits) write_limb(out, limbs_[i]);
  return text;
}

std::uint64_t DecimalProduct::residue(std::uint64_t modulus) const {
  const std::uint64_t base = kBase % modulus;
  std::uint64_t residue = 0;
  for (std::size_t i = limbs_.size(); i-- > 0;)
    residue = static_cast<std::uint64_t>((Wide{residue} * base + limbs_[i]) % modulus);
  return residue;
}

std::uint64_t DecimalProduct::trailing_zeros() const {
  std::uint64_t zeros = 0;
  for (std::uint64_t limb : limbs_) {
    if (limb == 0) {
      zeros += kLimbDigits;
      continue;
    }
    for (; limb % 10 == 0; limb /= 10) ++zeros;
    return zeros;
  }
  return zeros;
}

void DecimalProduct::trim() {
  if (limbs_.size() * sizeof(std::uint64_t) <= kKeptBytesMax) return;
  limbs_ = {};
}

}  // namespace brigade::worker
