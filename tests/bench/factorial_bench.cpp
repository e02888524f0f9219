// Factorials and their decimal digits, GMP's and ours. Ratios of one run are what counts:
// --benchmark_filter=Factorial --benchmark_repetitions=5 --benchmark_enable_random_interleaving=true
#include <benchmark/benchmark.h>
#include <gmp.h>

#include <random>
#include <string>
#include <vector>

#include "worker/kinds/factorial/field.h"
#include "worker/kinds/factorial/multiply.h"
#include "worker/kinds/factorial/product.h"
#include "worker/kinds/factorial/swing.h"
#include "worker/kinds/factorial/text.h"

namespace brigade::worker {
namespace {

bool never() {
  return false;
}

void FactorialByGmp(benchmark::State& state) {
  mpz_t value;
  mpz_init(value);
  for (auto _ : state) mpz_fac_ui(value, static_cast<unsigned long>(state.range(0)));
  mpz_clear(value);
}

/// What GMP needs for the digits once it has the number.
void FactorialDigitsByGmp(benchmark::State& state) {
  mpz_t value;
  mpz_init(value);
  mpz_fac_ui(value, static_cast<unsigned long>(state.range(0)));
  std::string digits(mpz_sizeinbase(value, 10) + 2, '\0');
  for (auto _ : state) mpz_get_str(digits.data(), 10, value);
  mpz_clear(value);
}

void compute(benchmark::State& state, Radix radix) {
  if (!kernels_available()) return state.SkipWithError("this processor computes with GMP");
  SpareCores spare(static_cast<std::uint32_t>(state.range(1)) - 1);
  SwingFactorial factorial;
  const Team team(&spare);
  for (auto _ : state) {
    const auto number = factorial.of(radix, static_cast<std::uint32_t>(state.range(0)), team, never);
    if (radix == Radix::decimal) benchmark::DoNotOptimize(decimal_of(*number, team));
  }
}

void FactorialInBinary(benchmark::State& state) {
  compute(state, Radix::binary);
}
/// The number and its digits.
void FactorialInDecimal(benchmark::State& state) {
  compute(state, Radix::decimal);
}

/// From a number that is below by one in so many: what is compared is FactorialInBinary or InDecimal of this n.
void leap(benchmark::State& state, Radix radix) {
  if (!kernels_available()) return state.SkipWithError("this processor computes with GMP");
  const auto n = static_cast<std::uint32_t>(state.range(0));
  const std::uint32_t from = n - n / static_cast<std::uint32_t>(state.range(1));
  SwingFactorial factorial;
  const auto number = factorial.of(radix, from, Team(), never);
  for (auto _ : state)
    benchmark::DoNotOptimize(factorial.leap(radix, *number, from, n, {.team = Team(), .given_up = never}));
}

void FactorialByLeapInBinary(benchmark::State& state) {
  leap(state, Radix::binary);
}
void FactorialByLeapInDecimal(benchmark::State& state) {
  leap(state, Radix::decimal);
}

/// The same by short steps.
void FactorialBySteps(benchmark::State& state) {
  const auto n = static_cast<std::uint64_t>(state.range(0));
  const auto radix = static_cast<Radix>(state.range(2));
  const std::uint64_t from = n - n / static_cast<std::uint64_t>(state.range(1));
  SwingFactorial factorial;
  const auto number = factorial.of(radix, static_cast<std::uint32_t>(from), Team(), never);
  for (auto _ : state) {
    Limbs product = *number;
    for_factors(from, n, [&](std::uint64_t factor) { multiply_by(radix, product, factor); });
    benchmark::DoNotOptimize(product);
  }
}

Limbs random_limbs(std::int64_t size) {
  std::mt19937_64 random(1);
  Limbs limbs(static_cast<std::size_t>(size));
  for (std::uint64_t& limb : limbs) limb = random() % kTenTo19;
  return limbs;
}

void ProductByGmp(benchmark::State& state) {
  const Limbs a = random_limbs(state.range(0)), b = random_limbs(state.range(0));
  Limbs product(a.size() + b.size());
  for (auto _ : state) mpn_mul_n(product.data(), a.data(), b.data(), static_cast<mp_size_t>(a.size()));
}

void multiply(benchmark::State& state, Radix radix) {
  if (!kernels_available()) return state.SkipWithError("this processor multiplies with GMP");
  Roots roots;
  roots.grow_to(Multiplier::largest_transform(2 * static_cast<std::size_t>(state.range(0))));
  SpareCores spare(static_cast<std::uint32_t>(state.range(1)) - 1);
  Multiplier multiplier(radix, roots, Team(&spare));
  const Limbs a = random_limbs(state.range(0)), b = random_limbs(state.range(0));
  for (auto _ : state) benchmark::DoNotOptimize(multiplier.multiply(a, b));
}

void ProductInBinary(benchmark::State& state) {
  multiply(state, Radix::binary);
}
void ProductInDecimal(benchmark::State& state) {
  multiply(state, Radix::decimal);
}

const std::vector<std::int64_t> kLimbs{32, 64, 512, 1'000, 10'000, 100'000, 1'000'000};
BENCHMARK(ProductByGmp)->ArgName("limbs")->ArgsProduct({kLimbs})->Unit(benchmark::kMicrosecond)->UseRealTime();
BENCHMARK(ProductInBinary)
    ->ArgNames({"limbs", "threads"})
    ->ArgsProduct({kLimbs, {1, 2}})
    ->Unit(benchmark::kMicrosecond)
    ->UseRealTime();
BENCHMARK(ProductInDecimal)
    ->ArgNames({"limbs", "threads"})
    ->ArgsProduct({kLimbs, {1, 2}})
    ->Unit(benchmark::kMicrosecond)
    ->UseRealTime();

const std::vector<std::int64_t> kSizes{1'000, 10'000, 30'000, 100'000, 1'000'000, 10'000'000};

BENCHMARK(FactorialByGmp)->ArgName("n")->ArgsProduct({kSizes})->Unit(benchmark::kMillisecond)->UseRealTime();
BENCHMARK(FactorialDigitsByGmp)->ArgName("n")->ArgsProduct({kSizes})->Unit(benchmark::kMillisecond)->UseRealTime();
BENCHMARK(FactorialInBinary)
    ->ArgNames({"n", "threads"})
    ->ArgsProduct({kSizes, {1, 2}})
    ->Unit(benchmark::kMillisecond)
    ->UseRealTime();
BENCHMARK(FactorialInDecimal)
    ->ArgNames({"n", "threads"})
    ->ArgsProduct({kSizes, {1, 2}})
    ->Unit(benchmark::kMillisecond)
    ->UseRealTime();

BENCHMARK(FactorialByLeapInBinary)
    ->ArgNames({"n", "one in"})
    ->ArgsProduct({{10'000, 50'000, 1'000'000}, {3, 8, 32, 128, 512}})
    ->Unit(benchmark::kMillisecond)
    ->UseRealTime();
BENCHMARK(FactorialByLeapInDecimal)
    ->ArgNames({"n", "one in"})
    ->ArgsProduct({{1000, 10'000, 50'000, 1'000'000}, {3, 8, 32, 128, 512}})
    ->Unit(benchmark::kMillisecond)
    ->UseRealTime();
BENCHMARK(FactorialBySteps)
    ->ArgNames({"n", "one in", "radix"})
    ->ArgsProduct({{1000, 10'000, 50'000, 1'000'000}, {8, 32, 128, 512}, {0, 1}})
    ->Unit(benchmark::kMillisecond)
    ->UseRealTime();

}  // namespace
}  // namespace brigade::worker
