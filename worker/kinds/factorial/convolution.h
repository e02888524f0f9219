// Products by three number-theoretic transforms modulo primes near 2^50: each limb is a coefficient; the Chinese
// remainder theorem gives the exact sums of products, and one pass carries them into limbs. The radix matters to that
// pass alone: a product in decimal costs hardly more than one in binary.
#pragma once

#include <array>
#include <cstddef>
#include <memory>
#include <span>

#include "worker/kinds/factorial/radix.h"
#include "worker/kinds/factorial/roots.h"
#include "worker/kinds/factorial/shape.h"
#include "worker/kinds/team.h"

namespace brigade::worker {

/// A number's residues modulo the three primes, transformed.
class Spectrum {
 public:
  void reserve(std::size_t length);
  double* of(std::size_t prime) { return x_[prime].get(); }
  const double* of(std::size_t prime) const { return x_[prime].get(); }

 private:
  using Buffer = std::unique_ptr<double[]>;
  std::array<Buffer, 3> x_;
  std::size_t size_ = 0;
};

class Convolution {
 public:
  /// `roots` must outlive it, and be grown to the largest piece of any shape.
  Convolution(const Roots& roots, Team team) : roots_(&roots), team_(team) {}

  void transform(const Shape& shape, LimbsView limbs, Spectrum& to) const;
  /// to = a·b; a is used up. b may be a. REQUIRES: to.size() - 1 <= shape.length, and the shorter factor has at most
  /// kTermsMax limbs. Once the team is stopped, `to` is anything.
  void multiply(Radix radix, const Shape& shape, Spectrum& a, const Spectrum& b, std::span<std::uint64_t> to) const;
  /// Which then stays so: where it is not yet, no piece of what came before was left out.
  bool stopped() const { return team_.stopped(); }

 private:
  void multiply_back(const Shape& shape, Spectrum& a, const Spectrum& b) const;
  void combine(const Shape& shape, Spectrum& a) const;
  template <Radix radix>
  void carry(const Shape& shape, const Spectrum& a, std::span<std::uint64_t> to) const;
  Team team_for(const Shape& shape) const;

  const Roots* roots_;
  Team team_;
};

}  // namespace brigade::worker
