#include "worker/kinds/factorial/convolution.h"

#include <algorithm>
#include <bit>
#include <utility>
#include <vector>

#include "proto/model/result.h"

namespace brigade::worker {
namespace {

// Chosen by measurement (tests/bench/factorial_bench.cpp).
constexpr std::size_t kSharedLength = 32768;  // coefficients from which a product is worth other threads
constexpr std::size_t kWhole = 16384;         // a piece up to this size is one thread's
constexpr std::size_t kColumns = 8192;        // what one thread takes of a larger one
constexpr std::size_t kCarried = 8192;        // limbs that one thread carries
constexpr std::size_t kDigits = 256;          // mixed-radix digits computed at once

/// A part of one pass over one prime's residues: columns begin..end of a piece that starts at `at`.
struct Part {
  std::size_t prime = 0;
  Piece piece;
  std::size_t at = 0;
  std::size_t begin = 0, end = 0;
  int log2 = 0;  ///< of the whole piece's size
};

int log2_of(std::size_t size) {
  return std::countr_zero(size);
}

/// Columns 0..size/4 of the large pieces in parts, small ones whole (begin == end).
std::vector<Part> columns_of(const Shape& shape) {
  std::vector<Part> parts;
  for (std::size_t prime = 0; prime < 3; ++prime) {
    std::size_t at = 0;
    for (const Piece& piece : shape.pieces) {
      if (piece.size <= kWhole) parts.push_back({prime, piece, at, 0, 0, log2_of(piece.size)});
      for (std::size_t k = 0; piece.size > kWhole && k < piece.size / 4; k += kColumns / 4)
        parts.push_back({prime, piece, at, k, std::min(k + kColumns / 4, piece.size / 4), log2_of(piece.size)});
      at += piece.size;
    }
  }
  return parts;
}

/// The large pieces' quarters; `also_whole`: the small ones too, as they are.
std::vector<Part> blocks_of(const Shape& shape, bool also_whole) {
  std::vector<Part> parts;
  for (std::size_t prime = 0; prime < 3; ++prime) {
    std::size_t at = 0;
    for (const Piece& piece : shape.pieces) {
      const std::size_t quarter = piece.size / 4;
      if (piece.size <= kWhole && also_whole) parts.push_back({prime, piece, at, 0, 0, log2_of(piece.size)});
      for (std::size_t r = 0; piece.size > kWhole && r < 4; ++r)
        parts.push_back({prime, {quarter, 4 * piece.block + r}, at + r * quarter, 0, 0, log2_of(piece.size)});
      at += piece.size;
    }
  }
  return parts;
}

// p0·p1·p2 > kTermsMax·2^128: each sum of products is below it. (The primes are multiples of 2^26, and 1.)
static_assert((Wide{kPrimes[0]} * kPrimes[1] >> 50) * kPrimes[2] > Wide{kTermsMax} << 78);

/// What is carried into the next limb, and into the one behind.
struct Carry {
  Wide next = 0;
  std::uint64_t after = 0;
};

/// The numbers with these digits as limbs. Each is split into three limbs before carries come in: one waits for the
/// other only for a sum, not for a division.
template <Radix radix>
void carry_block(const std::uint64_t (&digits)[3][kDigits], std::size_t count, std::uint64_t* to, Carry& carry) {
  constexpr Wide kBase = radix == Radix::binary ? Wide{1} << 64 : Wide{kTenTo19};
  constexpr Wide kFirstTwo = Wide{kPrimes[0]} * kPrimes[1];
  constexpr auto kLower = static_cast<std::uint64_t>(kFirstTwo % kBase),
                 kUpper = static_cast<std::uint64_t>(kFirstTwo / kBase);
  for (std::size_t k = 0; k < count; ++k) {
    const std::uint64_t v0 = digits[0][k], v1 = digits[1][k], v2 = digits[2][k];  // v0 + p0·v1 + p0·p1·v2, v < 2^50
    std::uint64_t rest = 0, third = 0, carried = 0;
    const std::uint64_t first = last_limb<radix>(Wide{v2} * kLower + Wide{v1} * kPrimes[0] + v0, rest);
    const std::uint64_t second = last_limb<radix>(Wide{v2} * kUpper + rest, third);
    to[k] = last_limb_of_sum<radix>(carry.next + first, carried);
    carry.next = Wide{second} + carry.after + carried;
    carry.after = third;
  }
}

}  // namespace

void Spectrum::reserve(std::size_t length) {
  if (size_ >= length) return;
  size_ = 0;
  for (Buffer& each : x_) each.reset();
  for (Buffer& each : x_) each = std::make_unique_for_overwrite<double[]>(length);
  size_ = length;
}

Team Convolution::team_for(const Shape& shape) const {
  return shape.length >= kSharedLength ? team_ : Team();
}

void Convolution::transform(const Shape& shape, LimbsView limbs, Spectrum& to) const {
  require(shape.largest() <= roots_->largest());
  to.reserve(shape.length);
  const Team team = team_for(shape);
  const auto fold = [&](const Part& part, std::size_t begin, std::size_t end) {
    const double zeta = roots_->root(part.prime, part.piece.block / 2);
    fold_limbs(roots_->fields()[part.prime], to.of(part.prime) + part.at, part.piece.size, zeta, limbs.data(),
               limbs.size(), begin, end);
  };
  const std::vector<Part> columns = columns_of(shape);
  team.each(columns.size(), [&](std::size_t i) {
    const Part& part = columns[i];
    const Field& field = roots_->fields()[part.prime];
    double* x = to.of(part.prime) + part.at;
    if (part.begin == part.end) {
      fold(part, 0, part.piece.size);
      return forward(field, x, part.piece.size, part.piece.block);
    }
    for (std::size_t r = 0; r < 4; ++r)
      fold(part, r * part.piece.size / 4 + part.begin, r * part.piece.size / 4 + part.end);
    forward_pass(field, x, part.piece.size, part.piece.block, part.begin, part.end);
  });
  const std::vector<Part> blocks = blocks_of(shape, false);
  team.each(blocks.size(), [&](std::size_t i) {
    const Part& part = blocks[i];
    forward(roots_->fields()[part.prime], to.of(part.prime) + part.at, part.piece.size, part.piece.block);
  });
}

void Convolution::multiply(Radix radix, const Shape& shape, Spectrum& a, const Spectrum& b,
                           std::span<std::uint64_t> to) const {
  multiply_back(shape, a, b);
  combine(shape, a);
  if (stopped()) return;  // what is there now is no product, and its carries could go anywhere
  radix == Radix::binary ? carry<Radix::binary>(shape, a, to) : carry<Radix::decimal>(shape, a, to);
}

void Convolution::multiply_back(const Shape& shape, Spectrum& a, const Spectrum& b) const {
  const Team team = team_for(shape);
  const std::vector<Part> blocks = blocks_of(shape, true);
  team.each(blocks.size(), [&](std::size_t i) {
    const Part& part = blocks[i];
    const Field& field = roots_->fields()[part.prime];
    double* x = a.of(part.prime) + part.at;
    multiply_all(field, x, b.of(part.prime) + part.at, roots_->inverse_power(part.prime, part.log2), part.piece.size);
    inverse(field, x, part.piece.size, part.piece.block);
  });
  const std::vector<Part> columns = columns_of(shape);
  team.each(columns.size(), [&](std::size_t i) {
    const Part& part = columns[i];
    if (part.begin == part.end) return;
    inverse_pass(roots_->fields()[part.prime], a.of(part.prime) + part.at, part.piece.size, part.piece.block,
                 part.begin, part.end);
  });
}

/// From the products modulo the pieces' polynomials to the product: after the first, each piece says by which multiple
/// of the polynomials before it the result so far is wrong, and so has the coefficients behind it. These polynomials
/// are x^L - 1 and (x^L - 1)(x^(L/2) - i); modulo x^m - zeta they are the constants -2 and 4·i.
void Convolution::combine(const Shape& shape, Spectrum& a) const {
  const Team team = team_for(shape);
  std::size_t at = shape.largest();
  for (std::size_t index = 1; index < shape.pieces.size(); at += shape.pieces[index++].size) {
    const Piece& piece = shape.pieces[index];
    const std::size_t parts = (piece.size + kColumns - 1) / kColumns;
    team.each(3 * parts, [&](std::size_t task) {
      const std::size_t prime = task % 3, begin = task / 3 * kColumns, end = std::min(begin + kColumns, piece.size);
      const Field& field = roots_->fields()[prime];
      double* x = a.of(prime);
      const double zeta = roots_->root(prime, piece.block / 2);
      const double scale = index == 1 ? -roots_->inverse_power(prime, 1)
                                      : -brigade::worker::multiply(field, field.i, roots_->inverse_power(prime, 2));
      unfold(field, x + at, piece.size, zeta, scale, x, at / piece.size, begin, end);
      if (index == 1) return add_multiple(field, x, x + at, -1, begin, end);
      add_multiple(field, x, x + at, field.i, begin, end);
      add_multiple(field, x + 2 * piece.size, x + at, -1, begin, end);
      add_multiple(field, x + 4 * piece.size, x + at, -field.i, begin, end);
    });
  }
}

template <Radix radix>
void Convolution::carry(const Shape& shape, const Spectrum& a, std::span<std::uint64_t> to) const {
  const std::size_t sums = to.size() - 1;  // the last limb is a carry
  std::vector<Carry> carries((sums + kCarried - 1) / kCarried);
  team_for(shape).each(carries.size(), [&](std::size_t i) {
    std::uint64_t digits[3][kDigits];
    std::uint64_t* const into[3] = {digits[0], digits[1], digits[2]};
    Carry& carry = carries[i];
    const std::size_t end = std::min((i + 1) * kCarried, sums);
    for (std::size_t k = i * kCarried; k < end; k += kDigits) {
      const double* const residues[3] = {a.of(0) + k, a.of(1) + k, a.of(2) + k};
      const std::size_t count = std::min(kDigits, end - k);
      mixed_radix(roots_->fields().data(), roots_->garner(), residues, into, (count + 3) / 4 * 4);
      carry_block<radix>(digits, count, to.data() + k, carry);
    }
  });
  if (stopped()) return;  // some limbs are of another product
  to[sums] = 0;
  for (std::size_t i = 0; i < carries.size(); ++i) {
    std::uint64_t carried = 0;
    const std::uint64_t next = last_limb_of_sum<radix>(carries[i].next, carried);
    const std::uint64_t limbs[2] = {next, carries[i].after + carried};
    add(radix, to.subspan(std::min((i + 1) * kCarried, sums)), LimbsView(limbs, limbs[1] > 0 ? 2 : 1));
  }
}

}  // namespace brigade::worker
