// What the transforms know of one prime, and the kernels that work on its residues.
//
// A residue modulo p < 2^50 is a double that holds a whole number, so that four are multiplied at a time. With q the
// nearest whole number to a·b/p, a·b - q·p is exact: a·b = h + l with h rounded and l from a fused multiply-add, h -
// q·p is a whole number below 2^53. q may be off by one where |a·b| is large, so that residues are not kept in
// -p/2..p/2. With |a| = x·p and |b| = y·p the result is below (1/2 + 2^⌊log2 xy⌋/4 + 0.01·xy)·p: half from rounding the
// quotient, an eighth of the binade each from rounding a·b and h/p, and the rest from the rounded 1/p. So it is below
// 0.77·p for xy < 2, and 1.04·p for xy < 4.
//   forward(): |x| <= 2.8·p stays so. w is below 0.5·p, w² and w³ below 0.566·p; 2.8·0.566 < 2, so that a step gives at
//   most 0.5 + 3·0.77 < 2.8. fold_limbs() gives at most 1.24·p.
//   inverse(): |x| <= 0.77·p stays so: 4·0.77·0.566 < 2. multiply_all() gives at most 0.5·p, give or take a rounding.
// All sums stay below 8·p < 2^53. (After van der Hoeven, Lecerf, Quintin: "Modular SIMD arithmetic in Mathemagix", and
// FLINT 3's fft_small.)
#pragma once

#include <cstddef>
#include <cstdint>

namespace brigade::worker {

/// One prime p = c·2^26 + 1 below 2^50.
struct Field {
  double p = 0;
  double inverse = 0;  ///< 1/p, rounded
  double i = 0;        ///< a square root of -1
  /// Of x^2n - w², which splits into x^n - w and x^n + w, block j of a level has w = root(j), and root(2j)² = root(j),
  /// root(2j+1) = i·root(2j): in this order a block's roots do not depend on its size. Here: root(2j).
  const double* roots = nullptr;
};

/// Whether this processor can run the kernels below (AVX2 and FMA).
bool kernels_available();

double multiply(const Field& field, double a, double b);

/// roots[size..2·size) from roots[0..size) and root(2·size). REQUIRES: size is 1, 2 or a multiple of 4.
void extend_roots(const Field& field, double* roots, std::size_t size, double root);

/// Polynomial modulo x^n - root² of block `block` to its values, in an order that only inverse() knows.
/// REQUIRES: n >= 64 is a power of two.
void forward(const Field& field, double* x, std::size_t n, std::size_t block);
/// Back again; the result is n times too large.
void inverse(const Field& field, double* x, std::size_t n, std::size_t block);
/// forward() is its first pass over all columns in 0..n/4, then forward() of the four quarters as blocks 4·block +
/// 0..3; inverse() ends with its last pass. Columns come in multiples of 4.
void forward_pass(const Field& field, double* x, std::size_t n, std::size_t block, std::size_t begin, std::size_t end);
void inverse_pass(const Field& field, double* x, std::size_t n, std::size_t block, std::size_t begin, std::size_t end);

/// x = x·y·scale, element by element. `size` is a multiple of 4.
void multiply_all(const Field& field, double* x, const double* y, double scale, std::size_t size);

/// x[k] = sum over t of zeta^t · limbs[t·size + k], for begin <= k < end, with zeros behind `count` limbs.
void fold_limbs(const Field& field, double* x, std::size_t size, double zeta, const std::uint64_t* limbs,
                std::size_t count, std::size_t begin, std::size_t end);
/// x[k] = scale · (x[k] - sum over t < blocks of zeta^t · f[t·size + k]), for begin <= k < end.
void unfold(const Field& field, double* x, std::size_t size, double zeta, double scale, const double* f,
            std::size_t blocks, std::size_t begin, std::size_t end);
/// x[k] += factor · y[k], for begin <= k < end.
void add_multiple(const Field& field, double* x, const double* y, double factor, std::size_t begin, std::size_t end);

/// Three residues of one number to the digits v of v[0] + v[1]·p0 + v[2]·p0·p1 (Garner). `size` is a multiple of 4.
struct Garner {
  double inverse_01 = 0;  ///< 1/p0 modulo p1
  double inverse_02 = 0;  ///< 1/p0 modulo p2
  double inverse_12 = 0;  ///< 1/p1 modulo p2
};
void mixed_radix(const Field fields[3], const Garner& garner, const double* const residues[3],
                 std::uint64_t* const digits[3], std::size_t size);

}  // namespace brigade::worker
