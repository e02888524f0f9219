#include "proto/wire/check.h"

#include <algorithm>
#include <cmath>
#include <cstring>

#include "proto/wire/limits.h"
#include "proto/wire/text.h"

namespace brigade::wire {
namespace {

bool disjoint(const Runs& runs) {
  const auto overlaps = [](const Run& a, const Run& b) { return b.first < a.end(); };
  if (std::adjacent_find(runs.begin(), runs.end(), overlaps) == runs.end()) return true;  // ascending, as is usual
  Runs sorted = runs;
  std::sort(sorted.begin(), sorted.end());
  return std::adjacent_find(sorted.begin(), sorted.end(), overlaps) == sorted.end();
}

}  // namespace

std::string Check::text(const std::string& text, std::string_view what, std::size_t bytes_max) {
  if (text.size() <= bytes_max) return text;
  refuse("{}: {} bytes, at most {}", what, text.size(), bytes_max);
  return {};
}

std::string Check::name(std::string_view name, std::string_view what) {
  if (name.size() > kNameBytesMax)
    refuse("{}: {} bytes, at most {}", what, name.size(), kNameBytesMax);
  else if (!is_utf8(name))
    refuse("{}: not UTF-8", what);
  else
    return std::string(name);
  return {};
}

std::uint64_t Check::most(std::uint64_t value, std::string_view what, std::uint64_t max) {
  if (value <= max) return value;
  refuse("{}: {}, at most {}", what, value, max);
  return 0;
}

Duration Check::duration(std::int64_t ns, std::string_view what) {
  if (ns < 0) refuse("{}: {} ns is negative", what, ns);
  return Duration(std::max<std::int64_t>(ns, 0));
}

double Check::milliseconds(double ms, std::string_view what) {
  if (std::isfinite(ms) && ms >= 0) return ms;
  refuse("{}: {} is not a finite number of milliseconds from 0 on", what, ms);
  return 0;
}

void Check::milliseconds(const Column<float>& column, std::string_view what) {
  if (column.is_constant()) {
    milliseconds(static_cast<double>(column.constant()), what);
    return;
  }
  // On the bits, without a branch: this runs for every row of every block. Above the bits of infinity are the NaNs and
  // all negative numbers, of which -0 passes.
  constexpr std::uint32_t kInfinity = 0x7F80'0000;
  constexpr std::uint32_t kMinusZero = 0x8000'0000;
  const char* rows = column.items().data();
  std::uint32_t bad = 0;
  for (std::size_t row = 0; row < column.size(); ++row) {
    std::uint32_t bits;
    std::memcpy(&bits, rows + row * sizeof bits, sizeof bits);
    bad |= static_cast<std::uint32_t>(bits >= kInfinity) & static_cast<std::uint32_t>(bits != kMinusZero);
  }
  if (bad != 0) refuse("{}: not all are finite numbers of milliseconds from 0 on", what);
}

Runs Check::runs(const google::protobuf::RepeatedField<std::uint64_t>& numbers, std::string_view what,
                 std::uint64_t tasks_max) {
  if (numbers.size() % 2 != 0) {
    refuse("{}: a run without a count", what);
    return {};
  }
  return runs(numbers.data(), static_cast<std::size_t>(numbers.size()) / 2, what, tasks_max);
}

Runs Check::runs(const std::uint64_t* numbers, std::size_t count, std::string_view what, std::uint64_t tasks_max) {
  if (count > kRunsMax) {
    refuse("{}: {} runs, at most {}", what, count, kRunsMax);
    return {};
  }
  Runs runs;
  runs.reserve(count);
  std::uint64_t tasks = 0;  // cannot wrap: each count is below 2^48, and there are few
  for (std::size_t i = 0; i < count; ++i) {
    const Run run{numbers[2 * i], numbers[2 * i + 1]};
    if (run.count == 0 || run.count > kTasksPerJobMax || run.first > kTasksPerJobMax - run.count) {
      refuse("{}: {} tasks from {} on is no run of a job's tasks", what, run.count, run.first);
      return {};
    }
    tasks += run.count;
    runs.push_back(run);
  }
  if (tasks > tasks_max)
    refuse("{}: {} tasks, at most {}", what, tasks, tasks_max);
  else if (!disjoint(runs))
    refuse("{}: runs overlap", what);
  if (ok()) return runs;
  return {};
}

void put(const Runs& runs, google::protobuf::RepeatedField<std::uint64_t>& numbers) {
  numbers.Reserve(numbers.size() + static_cast<int>(2 * runs.size()));
  for (const Run& run : runs) {
    numbers.AddAlreadyReserved(run.first);
    numbers.AddAlreadyReserved(run.count);
  }
}

}  // namespace brigade::wire
