// n! in decimal limbs: from one argument to the next without a conversion, which costs far more than the factorial.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace brigade::worker {

class DecimalProduct {
 public:
  /// Begins with n! = `digits`, in decimal.
  void set(std::uint64_t n, std::string_view digits);
  /// Multiplies on to n!; false when that is out of reach, or nothing was set.
  bool reach(std::uint64_t n);
  std::string text() const;
  /// The number modulo `modulus`. REQUIRES: modulus < 2^63.
  std::uint64_t residue(std::uint64_t modulus) const;
  std::uint64_t trailing_zeros() const;
  /// Forgets the number when it is large.
  void trim();

 private:
  void multiply(std::uint64_t factor);

  std::vector<std::uint64_t> limbs_;  // base 10^19, least significant first
  std::uint64_t n_ = 0;
};

}  // namespace brigade::worker
