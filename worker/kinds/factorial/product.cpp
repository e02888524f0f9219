#include "worker/kinds/factorial/product.h"

#include <cstring>

namespace brigade::worker {
namespace {

std::string text_of(mpz_srcptr value, int base) {
  std::string text(mpz_sizeinbase(value, base) + 2, '\0');  // may be one too many, then sign and terminator
  mpz_get_str(text.data(), base, value);
  text.resize(std::strlen(text.data()));
  return text;
}

}  // namespace

mpz_srcptr Product::of(std::uint64_t n) {
  if (valid_ && n >= n_ && n - n_ <= kStepsMax) {
    for_each_factor(n_, n, [this](std::uint64_t factor) { mpz_mul_ui(value_, value_, factor); });
  } else {
    mpz_fac_ui(value_, n);
  }
  n_ = n;
  valid_ = true;
  return value_;
}

void Product::trim() {
  if (mpz_size(value_) * sizeof(mp_limb_t) <= kKeptBytesMax) return;
  mpz_realloc2(value_, 0);
  valid_ = false;
}

std::string decimal_of(mpz_srcptr value) {
  return text_of(value, 10);
}

std::string hex_of(mpz_srcptr value) {
  return text_of(value, 16);
}

std::string bytes_of(mpz_srcptr value) {
  std::string bytes((mpz_sizeinbase(value, 2) + 7) / 8, '\0');
  mpz_export(bytes.data(), nullptr, -1, 1, 0, 0, value);
  return bytes;
}

std::uint64_t digits_of(mpz_srcptr value) {
  const std::size_t estimate = mpz_sizeinbase(value, 10);  // exact or one too many
  mpz_t power;
  mpz_init(power);
  mpz_ui_pow_ui(power, 10, estimate - 1);
  const bool exact = mpz_cmp(value, power) >= 0;
  mpz_clear(power);
  return exact ? estimate : estimate - 1;
}

}  // namespace brigade::worker
