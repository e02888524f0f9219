// The kernels of field.h that are no transform.
#include "worker/kinds/factorial/modular.h"

namespace brigade::worker {
namespace {

const double kTwo52 = 4503599627370496.0;  // a whole number below it is the mantissa's last bits of their sum

inline __m256i bits(Four x) {
  return _mm256_castpd_si256(x);
}

/// Four limbs as residues, below p: upper half · 2^32 + lower half.
inline Four residues_of(const Prime& prime, __m256i limbs) {
  const __m256i magic = bits(four(kTwo52));
  const __m256i low_half = _mm256_and_si256(limbs, _mm256_set1_epi64x(0xFFFF'FFFF));
  const Four high =
      _mm256_sub_pd(_mm256_castsi256_pd(_mm256_or_si256(_mm256_srli_epi64(limbs, 32), magic)), four(kTwo52));
  const Four low = _mm256_sub_pd(_mm256_castsi256_pd(_mm256_or_si256(low_half, magic)), four(kTwo52));
  return _mm256_add_pd(prime.reduce(_mm256_mul_pd(high, four(4294967296.0))), low);
}

/// limbs[at..at+4), with zeros behind `count`.
inline __m256i load_limbs(const std::uint64_t* limbs, std::size_t count, std::size_t at) {
  if (at + 4 <= count) return _mm256_loadu_si256(reinterpret_cast<const __m256i*>(limbs + at));
  std::uint64_t rest[4] = {};
  for (std::size_t k = at; k < count; ++k) rest[k - at] = limbs[k];
  return _mm256_loadu_si256(reinterpret_cast<const __m256i*>(rest));
}

/// To 0..p-1.
inline Four canonical(const Prime& prime, Four x) {
  x = prime.reduce(x);
  return _mm256_add_pd(x, _mm256_and_pd(_mm256_cmp_pd(x, _mm256_setzero_pd(), _CMP_LT_OQ), prime.p));
}

/// A whole number in 0..2^52-1.
inline void store_integers(std::uint64_t* to, Four x) {
  const __m256i sum = bits(_mm256_add_pd(x, four(kTwo52)));
  _mm256_storeu_si256(reinterpret_cast<__m256i*>(to), _mm256_xor_si256(sum, bits(four(kTwo52))));
}

}  // namespace

bool kernels_available() {
  return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
}

double multiply(const Field& field, double a, double b) {
  const Prime prime(field);
  return _mm256_cvtsd_f64(prime.reduce(prime.multiply(four(a), four(b))));
}

void extend_roots(const Field& field, double* roots, std::size_t size, double root) {
  if (size < 4) {
    for (std::size_t k = 0; k < size; ++k) roots[size + k] = multiply(field, roots[k], root);
    return;
  }
  const Prime prime(field);
  for (std::size_t k = 0; k < size; k += 4)
    store(roots + size + k, prime.reduce(prime.multiply(load(roots + k), four(root))));
}

void multiply_all(const Field& field, double* x, const double* y, double scale, std::size_t size) {
  const Prime prime(field);
  const Four factor = four(scale);
  for (std::size_t k = 0; k < size; k += 4) {
    const Four scaled = prime.reduce(prime.multiply(load(y + k), factor));
    store(x + k, prime.reduce(prime.multiply(load(x + k), scaled)));
  }
}

void fold_limbs(const Field& field, double* x, std::size_t size, double zeta, const std::uint64_t* limbs,
                std::size_t count, std::size_t begin, std::size_t end) {
  const Prime prime(field);
  const Four factor = four(zeta);
  for (std::size_t k = begin; k < end; k += 4) {
    std::size_t blocks = count > k ? (count - k + size - 1) / size : 1;
    Four sum = residues_of(prime, load_limbs(limbs, count, --blocks * size + k));
    while (blocks-- > 0)
      sum = _mm256_add_pd(prime.multiply(sum, factor), residues_of(prime, load_limbs(limbs, count, blocks * size + k)));
    store(x + k, sum);
  }
}

void unfold(const Field& field, double* x, std::size_t size, double zeta, double scale, const double* f,
            std::size_t blocks, std::size_t begin, std::size_t end) {
  const Prime prime(field);
  const Four factor = four(zeta);
  for (std::size_t k = begin; k < end; k += 4) {
    Four sum = _mm256_setzero_pd();
    for (std::size_t t = blocks; t-- > 0;)
      sum = _mm256_add_pd(prime.multiply(sum, factor), prime.reduce(load(f + t * size + k)));
    store(x + k, prime.reduce(prime.multiply(_mm256_sub_pd(load(x + k), sum), four(scale))));
  }
}

void add_multiple(const Field& field, double* x, const double* y, double factor, std::size_t begin, std::size_t end) {
  const Prime prime(field);
  for (std::size_t k = begin; k < end; k += 4)
    store(x + k, _mm256_add_pd(load(x + k), prime.multiply(load(y + k), four(factor))));
}

void mixed_radix(const Field fields[3], const Garner& garner, const double* const residues[3],
                 std::uint64_t* const digits[3], std::size_t size) {
  const Prime p0(fields[0]), p1(fields[1]), p2(fields[2]);
  for (std::size_t k = 0; k < size; k += 4) {
    const Four v0 = canonical(p0, load(residues[0] + k));
    const Four v1 = canonical(p1, p1.multiply(_mm256_sub_pd(load(residues[1] + k), v0), four(garner.inverse_01)));
    const Four rest = p2.multiply(_mm256_sub_pd(load(residues[2] + k), v0), four(garner.inverse_02));
    const Four v2 = canonical(p2, p2.multiply(_mm256_sub_pd(rest, v1), four(garner.inverse_12)));
    store_integers(digits[0] + k, v0);
    store_integers(digits[1] + k, v1);
    store_integers(digits[2] + k, v2);
  }
}

}  // namespace brigade::worker
