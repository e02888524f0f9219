// What is left when the memory for the next step is not there.
#include <gtest/gtest.h>

#include <cstdlib>
#include <new>

#include "worker/kinds/factorial/compute.h"
#include "worker/kinds/factorial/product.h"

namespace {

constexpr std::size_t kSmall = 64;
bool exhausted = false;  // nothing larger is given

}  // namespace

// Not inlined: g++ 12 would take std::free for the wrong way to give back what `new` gave.
[[gnu::noinline]] void* operator new(std::size_t size) {
  void* const memory = exhausted && size > kSmall ? nullptr : std::malloc(size);
  if (memory == nullptr) throw std::bad_alloc();
  return memory;
}
[[gnu::noinline]] void operator delete(void* memory) noexcept {
  std::free(memory);
}
[[gnu::noinline]] void operator delete(void* memory, std::size_t) noexcept {
  std::free(memory);
}

namespace brigade::worker {
namespace {

TEST(Product, IsForgottenWhenAStepFindsNoMemory) {
  for (const Radix radix : {Radix::binary, Radix::decimal}) {
    Product product(radix);
    Limbs limbs = gmp_factorial(radix, 1000);
    limbs.shrink_to_fit();  // the next limb takes memory
    product.set(1000, std::move(limbs));
    exhausted = true;
    EXPECT_THROW((void)product.reach(1010), std::bad_alloc);
    exhausted = false;
    EXPECT_FALSE(product.reach(1001)) << "it would be made of a number that has lost its carry";
    product.set(1000, gmp_factorial(radix, 1000));
    ASSERT_TRUE(product.reach(1010));
    const Limbs expected = gmp_factorial(radix, 1010);
    EXPECT_TRUE(std::equal(expected.begin(), expected.end(), product.limbs().begin(), product.limbs().end()));
  }
}

}  // namespace
}  // namespace brigade::worker
