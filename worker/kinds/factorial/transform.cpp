// The transforms of field.h: radix 4, first over whole arrays and then, depth first, in the processor's caches.
#include "worker/kinds/factorial/field.h"
#include "worker/kinds/factorial/modular.h"

namespace brigade::worker {
namespace {

constexpr std::size_t kCachedSize = 8192;  // 64 KiB: from here on level by level
constexpr std::size_t kGroup = 64;         // four blocks of 16, whose last two levels are one step

/// The roots of a block: w, w² and w³, where w = root(2·block).
struct Twiddles {
  Four w1, w2, w3;

  Twiddles(const Prime& prime, Four w) : w1(w), w2(prime.multiply(w, w)), w3(prime.multiply(w2, w)) {}
  Twiddles(Four first, Four second, Four third) : w1(first), w2(second), w3(third) {}
  template <int lane>
  Twiddles only() const {
    constexpr int kAll = lane * 0x55;
    return {_mm256_permute4x64_pd(w1, kAll), _mm256_permute4x64_pd(w2, kAll), _mm256_permute4x64_pd(w3, kAll)};
  }
};

struct Quad {
  Four a, b, c, d;
};

inline Quad split(const Prime& prime, Four i, const Twiddles& t, Quad x) {
  x.a = prime.reduce(x.a);
  const Four b = prime.multiply(x.b, t.w1);
  const Four c = prime.multiply(x.c, t.w2);
  const Four d = prime.multiply(x.d, t.w3);
  const Four sum = _mm256_add_pd(x.a, c), difference = _mm256_sub_pd(x.a, c);
  const Four even = _mm256_add_pd(b, d), odd = prime.multiply(_mm256_sub_pd(b, d), i);
  return {_mm256_add_pd(sum, even), _mm256_sub_pd(sum, even), _mm256_add_pd(difference, odd),
          _mm256_sub_pd(difference, odd)};
}

/// split() backwards, four times too large. With e of inverse_root(): 1/w = -i·e, 1/w² = -e², 1/w³ = i·e³.
inline Quad join(const Prime& prime, Four i, const Twiddles& t, const Quad& x) {
  const Four sum_ab = _mm256_add_pd(x.a, x.b), sum_cd = _mm256_add_pd(x.c, x.d);
  const Four z = prime.multiply(_mm256_sub_pd(x.b, x.a), i);
  const Four v = _mm256_sub_pd(x.c, x.d);
  return {prime.reduce(_mm256_add_pd(sum_ab, sum_cd)), prime.multiply(_mm256_sub_pd(z, v), t.w1),
          prime.multiply(_mm256_sub_pd(sum_cd, sum_ab), t.w2),
          prime.multiply(_mm256_sub_pd(_mm256_setzero_pd(), _mm256_add_pd(z, v)), t.w3)};
}

/// The block with the inverse of root(2·block), but for a factor -i, has the lower bits of its number flipped.
inline std::size_t mirror(std::size_t block) {
  return block ^ ((std::size_t{1} << (63 - __builtin_clzll(block))) - 1);
}
inline double inverse_root(const Field& field, std::size_t block) {
  return block == 0 ? field.i : field.roots[mirror(block)];
}
/// Of four consecutive blocks. REQUIRES: the first is a multiple of 4.
inline Four inverse_roots(const Field& field, std::size_t block) {
  if (block == 0) return _mm256_setr_pd(field.i, field.roots[1], field.roots[3], field.roots[2]);
  return _mm256_permute4x64_pd(load(field.roots + mirror(block + 3)), 0x1B);
}

inline Quad transpose(const Quad& x) {
  const Four ab_low = _mm256_unpacklo_pd(x.a, x.b), ab_high = _mm256_unpackhi_pd(x.a, x.b);
  const Four cd_low = _mm256_unpacklo_pd(x.c, x.d), cd_high = _mm256_unpackhi_pd(x.c, x.d);
  return {_mm256_permute2f128_pd(ab_low, cd_low, 0x20), _mm256_permute2f128_pd(ab_high, cd_high, 0x20),
          _mm256_permute2f128_pd(ab_low, cd_low, 0x31), _mm256_permute2f128_pd(ab_high, cd_high, 0x31)};
}

inline Quad load_quad(const double* x, std::size_t stride) {
  return {load(x), load(x + stride), load(x + 2 * stride), load(x + 3 * stride)};
}
inline void store_quad(double* x, std::size_t stride, const Quad& quad) {
  store(x, quad.a);
  store(x + stride, quad.b);
  store(x + 2 * stride, quad.c);
  store(x + 3 * stride, quad.d);
}

/// The last two levels of a block of 16.
inline void split_16(const Field& field, const Prime& prime, Four i, const Twiddles& t, double* x, std::size_t block) {
  const Quad four_blocks = transpose(split(prime, i, t, load_quad(x, 4)));
  store_quad(x, 4, split(prime, i, Twiddles(prime, load(field.roots + 4 * block)), four_blocks));
}
inline void join_16(const Field& field, const Prime& prime, Four i, const Twiddles& t, double* x, std::size_t block) {
  const Quad four_blocks = join(prime, i, Twiddles(prime, inverse_roots(field, 4 * block)), load_quad(x, 4));
  store_quad(x, 4, join(prime, i, t, transpose(four_blocks)));
}

void split_groups(const Field& field, double* x, std::size_t n, std::size_t block) {
  const Prime prime(field);
  const Four i = four(field.i);
  for (std::size_t at = 0, b = block * (n / 16); at < n; at += kGroup, b += 4) {
    const Twiddles t(prime, load(field.roots + b));
    split_16(field, prime, i, t.only<0>(), x + at, b);
    split_16(field, prime, i, t.only<1>(), x + at + 16, b + 1);
    split_16(field, prime, i, t.only<2>(), x + at + 32, b + 2);
    split_16(field, prime, i, t.only<3>(), x + at + 48, b + 3);
  }
}

void join_groups(const Field& field, double* x, std::size_t n, std::size_t block) {
  const Prime prime(field);
  const Four i = four(field.i);
  for (std::size_t at = 0, b = block * (n / 16); at < n; at += kGroup, b += 4) {
    const Twiddles t(prime, inverse_roots(field, b));
    join_16(field, prime, i, t.only<0>(), x + at, b);
    join_16(field, prime, i, t.only<1>(), x + at + 16, b + 1);
    join_16(field, prime, i, t.only<2>(), x + at + 32, b + 2);
    join_16(field, prime, i, t.only<3>(), x + at + 48, b + 3);
  }
}

/// One level of radix 2, for sizes that are no power of 4: w of the block is root(block) = root(2·block)².
void split_in_two(const Field& field, double* x, std::size_t n, std::size_t block) {
  const Prime prime(field);
  const Four w = four(multiply(field, field.roots[block], field.roots[block]));
  double* y = x + n / 2;
  for (std::size_t k = 0; k < n / 2; k += 4) {
    const Four a = prime.reduce(load(x + k)), b = prime.multiply(load(y + k), w);
    store(x + k, _mm256_add_pd(a, b));
    store(y + k, _mm256_sub_pd(a, b));
  }
}

void join_two(const Field& field, double* x, std::size_t n, std::size_t block) {
  const Prime prime(field);
  const double e = inverse_root(field, block);
  const Four w = four(multiply(field, e, e));  // -1/root(block)
  double* y = x + n / 2;
  for (std::size_t k = 0; k < n / 2; k += 4) {
    const Four a = load(x + k), b = load(y + k);
    store(x + k, prime.reduce(_mm256_add_pd(a, b)));
    store(y + k, prime.multiply(_mm256_sub_pd(b, a), w));
  }
}

bool is_power_of_4(std::size_t n) {
  return __builtin_ctzll(n) % 2 == 0;
}

}  // namespace

void forward_pass(const Field& field, double* x, std::size_t n, std::size_t block, std::size_t begin, std::size_t end) {
  const Prime prime(field);
  const Four i = four(field.i);
  const Twiddles t(prime, four(field.roots[block]));
  for (std::size_t k = begin; k < end; k += 4) store_quad(x + k, n / 4, split(prime, i, t, load_quad(x + k, n / 4)));
}

void inverse_pass(const Field& field, double* x, std::size_t n, std::size_t block, std::size_t begin, std::size_t end) {
  const Prime prime(field);
  const Four i = four(field.i);
  const Twiddles t(prime, four(inverse_root(field, block)));
  for (std::size_t k = begin; k < end; k += 4) store_quad(x + k, n / 4, join(prime, i, t, load_quad(x + k, n / 4)));
}

void forward(const Field& field, double* x, std::size_t n, std::size_t block) {
  if (n > kCachedSize) {
    forward_pass(field, x, n, block, 0, n / 4);
    for (std::size_t r = 0; r < 4; ++r) forward(field, x + r * (n / 4), n / 4, 4 * block + r);
    return;
  }
  std::size_t size = n;
  if (!is_power_of_4(n)) {
    split_in_two(field, x, n, block);
    size /= 2;
  }
  for (; size > 16; size /= 4)
    for (std::size_t at = 0, b = block * (n / size); at < n; at += size, ++b)
      forward_pass(field, x + at, size, b, 0, size / 4);
  split_groups(field, x, n, block);
}

void inverse(const Field& field, double* x, std::size_t n, std::size_t block) {
  if (n > kCachedSize) {
    for (std::size_t r = 0; r < 4; ++r) inverse(field, x + r * (n / 4), n / 4, 4 * block + r);
    return inverse_pass(field, x, n, block, 0, n / 4);
  }
  join_groups(field, x, n, block);
  for (std::size_t size = 64; size <= n; size *= 4)
    for (std::size_t at = 0, b = block * (n / size); at < n; at += size, ++b)
      inverse_pass(field, x + at, size, b, 0, size / 4);
  if (!is_power_of_4(n)) join_two(field, x, n, block);
}

}  // namespace brigade::worker
