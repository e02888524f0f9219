#include "proto/model/outcome.h"

#include <algorithm>
#include <bit>

namespace brigade {
namespace {

constexpr std::array<std::string_view, kTaskStatuses> kNames{
    "ok",          "invalid_argument",   "too_large",         "unsupported_kind", "timeout",   "dns",      "connect",
    "tls",         "http_status",        "forbidden_address", "body_too_large",   "cancelled", "deadline", "max_fails",
    "worker_lost", "resource_exhausted", "internal",          "protocol",         "checksum",  "robots"};

template <class T>
Column<T> pick(const Column<T>& column, const std::vector<std::size_t>& rows) {
  if (column.is_constant()) return column;
  std::vector<T> picked;
  picked.reserve(rows.size());
  for (const std::size_t row : rows) picked.push_back(column[row]);
  return Column<T>::of(std::move(picked));
}

}  // namespace

std::string_view name_of(TaskStatus status) {
  return kNames.at(static_cast<std::size_t>(status));
}

std::optional<TaskStatus> parse_task_status(std::string_view name) {
  const auto it = std::ranges::find(kNames, name);
  if (it == kNames.end()) return std::nullopt;
  return static_cast<TaskStatus>(it - kNames.begin());
}

Outcomes select(const Outcomes& outcomes, const RunSet& keep) {
  Outcomes kept;
  std::vector<std::size_t> rows;
  ValuesBuilder values;
  ValuesReader reader(outcomes.values);
  std::size_t row = 0;
  std::size_t read = 0;
  for (const Run& run : outcomes.runs) {
    for (const Run& part : keep.within(run)) {
      kept.runs.push_back(part);
      for (std::uint64_t index = part.first; index < part.end(); ++index) {
        const std::size_t at = row + static_cast<std::size_t>(index - run.first);
        rows.push_back(at);
        reader.skip(at - read);
        values.add(reader.next());
        read = at + 1;
      }
    }
    row += run.count;
  }
  kept.status = pick(outcomes.status, rows);
  kept.start_ms = pick(outcomes.start_ms, rows);
  kept.run_ms = pick(outcomes.run_ms, rows);
  kept.retry_after_ms = pick(outcomes.retry_after_ms, rows);
  kept.values = values.take();
  return kept;
}

Outcomes slice(const Outcomes& outcomes, std::size_t first, std::size_t count) {
  Outcomes part;
  std::uint64_t row = 0;
  for (const Run& run : outcomes.runs) {
    if (const auto rows = intersection({row, run.count}, {first, count}))
      part.runs.push_back({run.first + (rows->first - row), rows->count});
    row += run.count;
  }
  part.status = slice(outcomes.status, first, count);
  part.start_ms = slice(outcomes.start_ms, first, count);
  part.run_ms = slice(outcomes.run_ms, first, count);
  part.retry_after_ms = slice(outcomes.retry_after_ms, first, count);
  part.values = slice(outcomes.values, first, count);
  return part;
}

std::size_t Histogram::bucket_of(float ms) {
  const std::uint32_t bits = ms > 0 ? std::bit_cast<std::uint32_t>(ms) >> kShift : 0;
  return std::clamp(bits, kLowest, kHighest) - kLowest;
}

void Histogram::add(const Histogram& other) {
  for (std::size_t i = 0; i < buckets_.size(); ++i) buckets_[i] += other.buckets_[i];
}

std::uint64_t Histogram::count() const {
  std::uint64_t total = 0;
  for (const std::uint64_t bucket : buckets_) total += bucket;
  return total;
}

float Histogram::quantile(double q) const {
  const std::uint64_t total = count();
  if (total == 0) return 0;
  const auto rank = static_cast<std::uint64_t>(q * static_cast<double>(total - 1));
  std::uint64_t seen = 0;
  for (std::size_t i = 0; i < buckets_.size(); ++i) {
    seen += buckets_[i];
    if (seen > rank) return i == 0 ? 0 : std::bit_cast<float>((static_cast<std::uint32_t>(i) + kLowest) << kShift);
  }
  return 0;
}

}  // namespace brigade
