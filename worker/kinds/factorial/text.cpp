#include "worker/kinds/factorial/text.h"

#include <gmp.h>

#include <algorithm>
#include <bit>
#include <charconv>
#include <cstring>

namespace brigade::worker {
namespace {

constexpr std::size_t kWritten = 65536;  // limbs that one thread writes

/// Eight digits, two at a time.
void write_8(char* out, std::uint32_t value) {
  for (std::size_t i = 8; i > 0; value /= 100) {
    const std::uint32_t two = value % 100;
    out[--i] = static_cast<char>('0' + two % 10);
    out[--i] = static_cast<char>('0' + two / 10);
  }
}

/// Parts that a processor works on side by side: 3, 8 and 8 digits.
void write_limb(char* out, std::uint64_t limb) {
  constexpr std::uint64_t kTenTo8 = 100'000'000;
  const std::uint64_t upper = limb / kTenTo8;
  const std::uint64_t first = upper / kTenTo8;
  out[0] = static_cast<char>('0' + first / 100);
  out[1] = static_cast<char>('0' + first / 10 % 10);
  out[2] = static_cast<char>('0' + first % 10);
  write_8(out + 3, static_cast<std::uint32_t>(upper % kTenTo8));
  write_8(out + 11, static_cast<std::uint32_t>(limb % kTenTo8));
}

/// GMP's view of the limbs.
mpz_srcptr view(mpz_t storage, LimbsView number) {
  return mpz_roinit_n(storage, number.data(), static_cast<mp_size_t>(number.size()));
}

}  // namespace

std::string decimal_of(LimbsView number, Team team) {
  if (number.empty()) return "0";
  char first[kLimbDigits + 1];
  const auto written = std::to_chars(first, first + sizeof first, number.back());
  const auto head = static_cast<std::size_t>(written.ptr - first);
  const std::size_t full = number.size() - 1;  // limbs with all their digits
  std::string text(head + full * kLimbDigits, '\0');
  std::memcpy(text.data(), first, head);
  team.each((full + kWritten - 1) / kWritten, [&](std::size_t i) {
    const std::size_t end = std::min((i + 1) * kWritten, full);
    for (std::size_t k = i * kWritten; k < end; ++k)
      write_limb(text.data() + head + k * kLimbDigits, number[full - 1 - k]);
  });
  return text;
}

Limbs limbs_of_decimal(std::string_view digits) {
  Limbs limbs;
  limbs.reserve(digits.size() / kLimbDigits + 2);
  for (std::size_t end = digits.size(); end > 0; end -= std::min(end, kLimbDigits)) {
    const std::size_t begin = end - std::min(end, kLimbDigits);
    std::uint64_t limb = 0;
    std::from_chars(digits.data() + begin, digits.data() + end, limb);
    limbs.push_back(limb);
  }
  return limbs;
}

std::string hex_of(LimbsView number) {
  mpz_t storage;
  const mpz_srcptr value = view(storage, number);
  std::string text(mpz_sizeinbase(value, 16) + 2, '\0');  // sign and terminator
  mpz_get_str(text.data(), 16, value);
  text.resize(std::strlen(text.data()));
  return text;
}

std::string_view bytes_of(LimbsView number) {
  static_assert(std::endian::native == std::endian::little);  // the limbs are the bytes already
  const std::string_view bytes(reinterpret_cast<const char*>(number.data()), number.size_bytes());
  return bytes.substr(0, bytes.find_last_not_of('\0') + 1);
}

std::uint64_t digits_of(LimbsView number) {
  mpz_t storage;
  const mpz_srcptr value = view(storage, number);
  const std::size_t estimate = mpz_sizeinbase(value, 10);  // exact or one too many
  mpz_t power;
  mpz_init(power);
  mpz_ui_pow_ui(power, 10, estimate - 1);
  const bool exact = mpz_cmp(value, power) >= 0;
  mpz_clear(power);
  return exact ? estimate : estimate - 1;
}

}  // namespace brigade::worker
