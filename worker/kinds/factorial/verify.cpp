#include "worker/kinds/factorial/verify.h"

namespace brigade::worker {

std::uint64_t FactorialResidue::of(std::uint64_t n) {
  __extension__ using Wide = unsigned __int128;
  if (n < n_) {
    n_ = 0;
    residue_ = 1;
  }
  while (n_ < n) residue_ = static_cast<std::uint64_t>(Wide{residue_} * ++n_ % kCheckPrime);
  return residue_;
}

std::uint64_t exponent_in_factorial(std::uint64_t n, std::uint64_t p) {
  std::uint64_t exponent = 0;
  while (n > 0) exponent += n /= p;
  return exponent;
}

}  // namespace brigade::worker
