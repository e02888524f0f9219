// Multiplication of numbers of any length, by whatever is fastest.
#pragma once

#include <cstddef>

#include "worker/kinds/factorial/convolution.h"
#include "worker/kinds/factorial/radix.h"

namespace brigade::worker {

/// One thread's; keeps its buffers from one product to the next.
class Multiplier {
 public:
  /// `roots` must be grown to largest_transform() of every product, and outlive the multiplier.
  Multiplier(Radix radix, const Roots& roots, Team team) : radix_(radix), convolution_(roots, team) {}

  /// Takes the memory for products of up to so many limbs at once, instead of bit by bit.
  void reserve(std::size_t product_limbs);
  /// Once the team is stopped, the product is anything.
  Limbs multiply(LimbsView a, LimbsView b);
  Limbs square(LimbsView a);

  /// What Roots::grow_to() needs for products of up to so many limbs.
  static std::size_t largest_transform(std::size_t product_limbs);

 private:
  std::size_t short_max() const;
  Limbs multiply_in_blocks(LimbsView a, LimbsView b);

  const Radix radix_;
  const Convolution convolution_;
  Spectrum x_, y_;
};

}  // namespace brigade::worker
