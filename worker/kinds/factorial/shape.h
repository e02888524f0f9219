// How long a product's transform is: not only powers of two, but also 5/4, 3/2 and 7/4 of them.
#pragma once

#include <cstddef>
#include <vector>

namespace brigade::worker {

/// A factor x^size - zeta of the polynomial modulo which a product is computed, zeta = root(block/2).
struct Piece {
  std::size_t size = 0;
  std::size_t block = 0;  ///< see Field::roots
};

/// One to three pieces, from the largest on; the product's degree is below the sum of their sizes.
struct Shape {
  std::vector<Piece> pieces;
  std::size_t length = 0;

  std::size_t largest() const { return pieces.front().size; }
};

/// The shortest shape that holds `coefficients`.
Shape shape_for(std::size_t coefficients);

}  // namespace brigade::worker
