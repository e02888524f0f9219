#include "worker/kinds/factorial/shape.h"

#include <bit>

namespace brigade::worker {
namespace {

constexpr std::size_t kSmallest = 64;  // of a transform

}  // namespace

Shape shape_for(std::size_t coefficients) {
  const std::size_t above = std::bit_ceil(std::max(coefficients, kSmallest));
  const std::size_t largest = above / 2, quarter = above / 8;
  if (quarter >= kSmallest) {
    if (coefficients <= largest + quarter) return {{{largest, 0}, {quarter, 4}}, largest + quarter};
    if (coefficients <= largest + 2 * quarter) return {{{largest, 0}, {2 * quarter, 2}}, largest + 2 * quarter};
    if (coefficients <= largest + 3 * quarter)
      return {{{largest, 0}, {2 * quarter, 2}, {quarter, 6}}, largest + 3 * quarter};
  }
  return {{{above, 0}}, above};
}

}  // namespace brigade::worker
