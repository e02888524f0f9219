#include "client/bench/factorials.h"

#include <algorithm>
#include <numeric>
#include <optional>
#include <string>
#include <utility>

#include "client/bench/usage.h"
#include "proto/base/os.h"

namespace brigade::bench {
namespace {

__extension__ using Wide = unsigned __int128;

constexpr std::uint64_t kModulus = (std::uint64_t{1} << 61) - 1;
constexpr std::size_t kPieceDigits = 18;  // whose number and power of ten fit 64 bits

std::uint64_t reduced(Wide value) {
  return static_cast<std::uint64_t>(value % kModulus);
}

std::vector<std::uint64_t> numbers_of(const std::vector<Arithmetic>& ranges) {
  std::vector<std::uint64_t> numbers;
  for (const Arithmetic& range : ranges)
    for (std::uint64_t index = 0; index < range.count; ++index) numbers.push_back(range.at(index));
  return numbers;
}

JobSpec spec_of(const Factorials& wanted) {
  JobSpec spec{.kind = "factorial", .options = wire::encode(wire::FactorialOptions{.form = wanted.form})};
  if (wanted.ranges.size() > 1) return spec;
  const Arithmetic& range = wanted.ranges.front();
  spec.range = range;
  if (range.count > 1) spec.trend = range.step > 0 ? CostTrend::rising : CostTrend::falling;
  return spec;
}

/// All of a list in one chunk.
client::ChunkSource source_of(std::vector<std::uint64_t> numbers) {
  return [numbers = std::move(numbers), sent = false]() mutable -> Result<std::optional<Chunk>> {
    if (std::exchange(sent, true)) return std::optional<Chunk>();
    Chunk chunk;
    chunk.count = static_cast<std::uint32_t>(numbers.size());
    chunk.arguments = {.sizes = Column<std::uint32_t>(sizeof(std::uint64_t)), .blob = Bytes::of(std::move(numbers))};
    return std::optional<Chunk>(std::move(chunk));
  };
}

Error wrong_factorial(std::uint64_t n, const std::string& what) {
  return {ErrorCode::internal, std::to_string(n) + "! " + what + "; this is a bug: please report it"};
}

/// What came, and whether it is right.
class Answers {
 public:
  explicit Answers(const Factorials& wanted)
      : form_(wanted.form), numbers_(numbers_of(wanted.ranges)), residues_(residues_of(numbers_)) {}

  void add(const Results& page) { pages_.push_back(page); }

  /// The sum of their residues.
  Result<std::uint64_t> checked() const {
    std::vector<bool> seen(numbers_.size());
    for (const Results& page : pages_)
      if (auto good = check(page.outcomes, seen); !good) return good.error();
    const auto missing = std::find(seen.begin(), seen.end(), false);
    if (missing != seen.end())
      return wrong_factorial(numbers_[static_cast<std::size_t>(missing - seen.begin())], "did not come");
    return std::accumulate(residues_.begin(), residues_.end(), std::uint64_t{0});
  }

  std::size_t count() const { return numbers_.size(); }
  client::ChunkSource source() const { return source_of(numbers_); }

 private:
  Result<void> check(const Outcomes& outcomes, std::vector<bool>& seen) const {
    std::size_t row = 0, offset = 0;
    for (const Run& run : outcomes.runs) {
      for (std::uint64_t index = run.first; index < run.end(); ++index, ++row) {
        const std::size_t size = outcomes.values.sizes[row];
        const std::string_view value = outcomes.values.blob.view().substr(offset, size);
        offset += size;
        if (outcomes.status[row] != TaskStatus::ok)
          return wrong_factorial(numbers_[index], "failed: " + std::string(value));
        if (seen[index]) return wrong_factorial(numbers_[index], "came twice");
        seen[index] = true;
        const auto answer = wire::decode_factorial_answer(value);
        if (!answer) return answer.error();
        const bool binary = form_ == wire::FactorialForm::binary;
        if ((binary ? residue_of_binary(answer->value) : residue_of_decimal(answer->value)) != residues_[index])
          return wrong_factorial(numbers_[index], "is wrong");
      }
    }
    return {};
  }

  const wire::FactorialForm form_;
  const std::vector<std::uint64_t> numbers_;
  const std::vector<std::uint64_t> residues_;
  std::vector<Results> pages_;
};

}  // namespace

std::vector<std::uint64_t> residues_of(const std::vector<std::uint64_t>& numbers) {
  std::vector<std::size_t> order(numbers.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::ranges::sort(order, {}, [&](std::size_t i) { return numbers[i]; });
  std::vector<std::uint64_t> residues(numbers.size());
  std::uint64_t residue = 1, reached = 0;
  for (const std::size_t i : order) {
    while (reached < numbers[i]) residue = reduced(Wide{residue} * ++reached);
    residues[i] = residue;
  }
  return residues;
}

std::uint64_t residue_of_binary(std::string_view bytes) {
  std::uint64_t residue = 0;
  for (std::size_t k = bytes.size(); k-- > 0;)
    residue = reduced(Wide{residue} << 8 | static_cast<unsigned char>(bytes[k]));
  return residue;
}

std::uint64_t residue_of_decimal(std::string_view digits) {
  std::uint64_t residue = 0;
  while (!digits.empty()) {
    const std::string_view piece = digits.substr(0, kPieceDigits);
    std::uint64_t value = 0, scale = 1;
    for (const char digit : piece) {
      value = 10 * value + static_cast<std::uint64_t>(digit - '0');
      scale *= 10;
    }
    residue = reduced(Wide{residue} * scale + value);
    digits.remove_prefix(piece.size());
  }
  return residue;
}

Result<Figures> factorials(client::Session& session, const Factorials& wanted, pid_t broker) {
  Answers answers(wanted);
  const client::ReadOptions options{.order = Order::completion};
  const auto before = usage_of(broker);
  if (!before) return before.error();
  const Instant begun = base::monotonic_now();
  const auto submitted = session.submit(spec_of(wanted), answers.source(), options);
  if (!submitted) return submitted.error();
  const auto sink = [&](const Results& page) -> Result<void> {
    answers.add(page);
    return {};
  };
  if (const auto read = session.read(submitted->job, options, sink, {}); !read) return read.error();
  const Duration elapsed = base::monotonic_now() - begun;
  const auto after = usage_of(broker);
  if (!after) return after.error();
  const auto checksum = answers.checked();
  if (!checksum) return checksum.error();
  if (const auto forgotten = session.ask(Verb::forget, to_string(submitted->job)); !forgotten) return forgotten.error();
  const auto count = static_cast<double>(answers.count());
  return Figures{.tasks = answers.count(),
                 .elapsed = elapsed,
                 .broker_cpu_ns_per_task = static_cast<double>((after->cpu - before->cpu).count()) / count,
                 .checksum = *checksum};
}

}  // namespace brigade::bench
