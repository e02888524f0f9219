// The three primes modulo which long numbers are multiplied, and their tables of roots.
#pragma once

#include <array>
#include <cstddef>
#include <vector>

#include "worker/kinds/factorial/field.h"

namespace brigade::worker {

class Roots {
 public:
  /// Without tables: to make some takes a processor that has what the kernels need (kernels_available()).
  Roots();

  /// Makes the tables long enough for transforms of this size (a power of two). Not while somebody uses them.
  void grow_to(std::size_t size);
  std::size_t largest() const { return 2 * tables_.front().size(); }
  std::size_t bytes() const { return 3 * tables_.front().size() * sizeof(double); }

  const std::array<Field, 3>& fields() const { return fields_; }
  const Garner& garner() const { return garner_; }
  /// root(index), see Field::roots.
  double root(std::size_t prime, std::size_t index) const;
  /// 1/2^exponent.
  double inverse_power(std::size_t prime, int exponent) const {
    return inverse_powers_[prime][static_cast<std::size_t>(exponent)];
  }

 private:
  static constexpr std::size_t kPowers = 27;

  std::array<std::vector<double>, 3> tables_;
  std::array<std::array<double, kPowers>, 3> inverse_powers_;
  std::array<Field, 3> fields_;
  Garner garner_;
};

/// The primes; their product exceeds kTermsMax · (2^64 - 1)².
inline constexpr std::array<std::uint64_t, 3> kPrimes{0x3fff'fe40'0000'1, 0x3fff'fdc0'0000'1, 0x3fff'f780'0000'1};
/// So many products of two limbs may be summed.
inline constexpr std::size_t kTermsMax = 4'194'291;

}  // namespace brigade::worker
