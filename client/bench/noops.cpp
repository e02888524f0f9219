#include "client/bench/noops.h"

#include <cstring>
#include <memory>
#include <string>
#include <vector>

#include "proto/wire/limits.h"

namespace brigade::bench {
namespace {

constexpr std::uint32_t kNumberBytes = 8;

/// Spreads a task's number and its answer over 64 bits, so that exchanged answers change the sum.
std::uint64_t mixed(std::uint64_t index, std::uint64_t value) {
  std::uint64_t x = index * 0x9E37'79B9'7F4A'7C15u ^ value;
  x ^= x >> 32;
  return x * 0xD6E8'FEB8'6659'FD93u;
}

Error wrong(std::uint64_t index, const std::string& what) {
  return {ErrorCode::internal,
          "the result of task " + std::to_string(index) + " " + what + "; this is a bug: please report it"};
}

}  // namespace

std::uint64_t argument_of(const Load& load, std::uint64_t index) {
  return load.columns ? index * 3 + 1 : index + 1;
}

JobSpec noop_spec(const Load& load) {
  JobSpec spec{.kind = "noop"};
  if (!load.columns) spec.range = Arithmetic{.start = 1, .step = 1, .count = load.tasks};
  return spec;
}

client::ChunkSource noop_source(const Load& load) {
  return [load, next = std::uint64_t{0}]() mutable -> Result<std::optional<Chunk>> {
    if (next == load.tasks) return std::optional<Chunk>();
    Chunk chunk;
    chunk.count = std::min(load.tasks - next, wire::kTasksPerMessageMax);
    std::vector<std::uint64_t> numbers(chunk.count);
    for (std::uint64_t& number : numbers) number = argument_of(load, next++);
    chunk.arguments = {.sizes = Column<std::uint32_t>(kNumberBytes), .blob = Bytes::of(std::move(numbers))};
    return std::optional<Chunk>(std::move(chunk));
  };
}

std::uint64_t expected_checksum(const Load& load) {
  std::uint64_t sum = 0;
  for (std::uint64_t index = 0; index < load.tasks; ++index) sum += mixed(index, argument_of(load, index));
  return sum;
}

Result<void> NoopCheck::add(const Results& page, Duration since_submit) {
  const Outcomes& outcomes = page.outcomes;
  const bool plain = outcomes.status.is_constant() && outcomes.status.constant() == TaskStatus::ok &&
                     outcomes.values.sizes.is_constant() && outcomes.values.sizes.constant() == kNumberBytes;
  if (!plain && outcomes.count() > 0) return wrong(outcomes.runs.front().first, "or one beside it is not a number");
  const char* value = outcomes.values.blob.data();
  for (const Run& run : outcomes.runs) {
    if (!seen_.within(run).empty()) return wrong(run.first, "or one beside it came twice");
    seen_.insert(run);
    for (std::uint64_t index = run.first; index < run.end(); ++index, value += kNumberBytes) {
      std::uint64_t number = 0;
      std::memcpy(&number, value, kNumberBytes);
      if (number != argument_of(load_, index)) return wrong(index, "is not its argument");
      checksum_ += mixed(index, number);
    }
  }
  latency_ms_.add(static_cast<float>(to_ms(since_submit)), outcomes.count());
  return {};
}

Result<void> NoopCheck::finish() const {
  if (seen_.count() == load_.tasks && seen_.fragments() == 1) return {};
  return wrong(seen_.first_missing(0), "did not come");
}

}  // namespace brigade::bench
