// The kernels of field.h on processors for which nobody has written them: never called, as they say themselves.
#include "proto/model/result.h"
#include "worker/kinds/factorial/field.h"

namespace brigade::worker {

bool kernels_available() {
  return false;
}

double multiply(const Field&, double, double) {
  return 0;
}
void extend_roots(const Field&, double*, std::size_t, double) {}
void forward(const Field&, double*, std::size_t, std::size_t) {
  require(false);
}
void inverse(const Field&, double*, std::size_t, std::size_t) {
  require(false);
}
void forward_pass(const Field&, double*, std::size_t, std::size_t, std::size_t, std::size_t) {
  require(false);
}
void inverse_pass(const Field&, double*, std::size_t, std::size_t, std::size_t, std::size_t) {
  require(false);
}
void multiply_all(const Field&, double*, const double*, double, std::size_t) {
  require(false);
}
void fold_limbs(const Field&, double*, std::size_t, double, const std::uint64_t*, std::size_t, std::size_t,
                std::size_t) {
  require(false);
}
void unfold(const Field&, double*, std::size_t, double, double, const double*, std::size_t, std::size_t, std::size_t) {
  require(false);
}
void add_multiple(const Field&, double*, const double*, double, std::size_t, std::size_t) {
  require(false);
}
void mixed_radix(const Field*, const Garner&, const double* const*, std::uint64_t* const*, std::size_t) {
  require(false);
}

}  // namespace brigade::worker
