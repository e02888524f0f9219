// Four residues at a time. Only for files compiled with AVX2 and FMA.
#pragma once

#include <immintrin.h>

#include "worker/kinds/factorial/field.h"

namespace brigade::worker {

using Four = __m256d;

inline Four four(double x) {
  return _mm256_set1_pd(x);
}
inline Four load(const double* x) {
  return _mm256_loadu_pd(x);
}
inline void store(double* x, Four value) {
  _mm256_storeu_pd(x, value);
}

/// A field's prime, ready to compute with.
struct Prime {
  Four p;
  Four inverse;

  explicit Prime(const Field& field) : p(four(field.p)), inverse(four(field.inverse)) {}

  static Four nearest(Four x) { return _mm256_round_pd(x, _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC); }

  /// To -p/2..p/2, give or take a rounding.
  Four reduce(Four a) const { return _mm256_fnmadd_pd(nearest(_mm256_mul_pd(a, inverse)), p, a); }

  /// a·b, of a size that field.h tells.
  Four multiply(Four a, Four b) const {
    const Four high = _mm256_mul_pd(a, b);
    const Four low = _mm256_fmsub_pd(a, b, high);
    const Four quotient = nearest(_mm256_mul_pd(high, inverse));
    return _mm256_add_pd(_mm256_fnmadd_pd(quotient, p, high), low);
  }
};

}  // namespace brigade::worker
