// Messages to frames and back: what a lease, a block and a page of results cost, by their number of tasks.
#include <benchmark/benchmark.h>

#include <cstdint>
#include <vector>

#include "proto/wire/codec.h"

namespace brigade {
namespace {

constexpr JobId kJob{.high = 1, .low = 2};

/// As a worker sends it: times of each task, answers of 8 bytes.
Outcomes outcomes_of(std::uint64_t tasks) {
  std::vector<float> times(tasks);
  std::vector<std::uint64_t> answers(tasks);
  for (std::uint64_t i = 0; i < tasks; ++i) {
    times[i] = static_cast<float>(i) * 0.001f;
    answers[i] = i;
  }
  Outcomes outcomes{.runs = {{0, tasks}}};
  outcomes.start_ms = Column<float>::of(times);
  outcomes.run_ms = Column<float>::of(times);
  outcomes.values = {.sizes = Column<std::uint32_t>(8), .blob = Bytes::of(std::move(answers))};
  return outcomes;
}

void round_trip(benchmark::State& state, const Message& message) {
  for (auto _ : state) {
    const wire::Frames frames = wire::encode(message);
    auto decoded = wire::decode(frames);
    if (!decoded) return state.SkipWithError(decoded.error().message.c_str());
    benchmark::DoNotOptimize(decoded);
  }
  state.SetItemsProcessed(state.iterations() * state.range(0));
}

void RangeLease(benchmark::State& state) {
  const auto tasks = static_cast<std::uint64_t>(state.range(0));
  Lease lease{.id = LeaseId{7}, .job = kJob, .run = {0, tasks}, .brief = {.kind = "noop"}};
  lease.brief.range = Arithmetic{.start = 0, .step = 1, .count = tasks};
  round_trip(state, lease);
}
BENCHMARK(RangeLease)->Arg(1)->Arg(65'536);

void BlockOfNumbers(benchmark::State& state) {
  round_trip(state, Block{.sequence = 1,
                          .lease = LeaseId{7},
                          .job = kJob,
                          .outcomes = outcomes_of(static_cast<std::uint64_t>(state.range(0)))});
}
BENCHMARK(BlockOfNumbers)->Arg(1)->Arg(1000)->Arg(65'536);

void StoredBlock(benchmark::State& state) {
  const Outcomes outcomes = outcomes_of(static_cast<std::uint64_t>(state.range(0)));
  for (auto _ : state) benchmark::DoNotOptimize(wire::encode_block(Origin{.worker = "w1", .attempts = 1}, outcomes));
  state.SetItemsProcessed(state.iterations() * state.range(0));
}
BENCHMARK(StoredBlock)->Arg(1)->Arg(65'536);

}  // namespace
}  // namespace brigade
