#include "broker/store/index_rows.h"

#include <algorithm>
#include <bit>

namespace brigade::broker {
namespace {

bool is_failure(TaskStatus status) {
  return status != TaskStatus::ok && !is_cancellation(status);
}

/// Adds a run behind the others, as part of the last one where it continues it.
void extend(Runs& runs, Run run) {
  if (!runs.empty() && runs.back().end() == run.first)
    runs.back().count += run.count;
  else
    runs.push_back(run);
}

void describe_mixed(const Outcomes& outcomes, BlockRow& row) {
  std::size_t i = 0;
  for (const Run& run : outcomes.runs) {
    for (std::uint64_t task = run.first; task < run.end(); ++task, ++i) {
      const TaskStatus status = outcomes.status[i];
      ++row.by_status.at(static_cast<std::size_t>(status));
      if (is_failure(status)) extend(row.failures, {task, 1});
    }
  }
}

void pack_runs(Packer& packer, const Runs& runs) {
  packer.number(runs.size());
  std::uint64_t end = 0;
  for (const Run& run : runs) {  // each from the end of the one before it: a byte or two where they are close
    packer.signed_number(static_cast<std::int64_t>(run.first - end));
    packer.number(run.count);
    end = run.end();
  }
}

Runs unpack_runs(Unpacker& unpacker) {
  Runs runs;
  std::uint64_t end = 0;
  for (std::uint64_t left = unpacker.number(); left > 0 && unpacker.whole(); --left) {
    Run run;
    run.first = end + static_cast<std::uint64_t>(unpacker.signed_number());
    run.count = unpacker.number();
    end = run.end();
    runs.push_back(run);
  }
  return runs;
}

void pack_location(Packer& packer, const Location& location) {
  packer.number(location.segment);
  packer.number(location.offset);
  packer.number(location.length);
  packer.number(location.crc);
}

Location unpack_location(Unpacker& unpacker) {
  Location location;
  location.segment = static_cast<std::uint32_t>(unpacker.number());
  location.offset = unpacker.number();
  location.length = unpacker.number();
  location.crc = static_cast<std::uint32_t>(unpacker.number());
  return location;
}

}  // namespace

std::uint64_t BlockRow::not_ok() const {
  return tasks() - by_status[static_cast<std::size_t>(TaskStatus::ok)];
}

BlockRow describe(const Outcomes& outcomes) {
  BlockRow row{.runs = outcomes.runs, .failures = {}, .by_status = {}, .record = {}};
  if (!outcomes.status.is_constant()) {
    describe_mixed(outcomes, row);
    return row;
  }
  const TaskStatus status = outcomes.status.constant();
  row.by_status.at(static_cast<std::size_t>(status)) = outcomes.count();
  if (is_failure(status)) row.failures = outcomes.runs;
  return row;
}

Span span_of(const Runs& runs) {
  Span span{.first = runs.empty() ? 0 : runs.front().first, .last = 0};
  for (const Run& run : runs) {
    span.first = std::min(span.first, run.first);
    if (run.count > 0) span.last = std::max(span.last, run.end() - 1);
  }
  span.last = std::max(span.first, span.last);
  return span;
}

std::uint64_t class_of(Span span) {
  const auto bits = static_cast<std::uint64_t>(std::bit_width(span.last - span.first));
  require(bits <= kClassMax);  // a job has far fewer tasks
  return bits;
}

std::uint64_t reach_of(std::uint64_t span_class) {
  return (std::uint64_t{1} << span_class) - 1;
}

std::string pack(RowKey key, const ChunkRow& row) {
  Packer packer;
  packer.number(row.run.first);
  packer.number(row.run.count);
  pack_location(packer, row.record);
  return packer.seal(key);
}

std::optional<ChunkRow> unpack_chunk(RowKey key, std::string_view packed) {
  auto unpacker = Unpacker::open(packed, key);
  if (!unpacker) return std::nullopt;
  ChunkRow row;
  row.run.first = unpacker->number();
  row.run.count = unpacker->number();
  row.record = unpack_location(*unpacker);
  if (!unpacker->whole()) return std::nullopt;
  return row;
}

std::string pack(RowKey key, const BlockRow& row) {
  Packer packer;
  pack_runs(packer, row.runs);
  pack_runs(packer, row.failures);
  packer.number(static_cast<std::uint64_t>(
      std::count_if(row.by_status.begin(), row.by_status.end(), [](std::uint64_t count) { return count > 0; })));
  for (std::size_t status = 0; status < kTaskStatuses; ++status) {
    if (row.by_status[status] == 0) continue;
    packer.number(status);
    packer.number(row.by_status[status]);
  }
  pack_location(packer, row.record);
  return packer.seal(key);
}

std::optional<BlockRow> unpack_block(RowKey key, std::string_view packed) {
  auto unpacker = Unpacker::open(packed, key);
  if (!unpacker) return std::nullopt;
  BlockRow row;
  row.runs = unpack_runs(*unpacker);
  row.failures = unpack_runs(*unpacker);
  for (std::uint64_t left = unpacker->number(); left > 0 && unpacker->whole(); --left) {
    const std::uint64_t status = unpacker->number();
    const std::uint64_t count = unpacker->number();
    if (status >= kTaskStatuses) return std::nullopt;
    row.by_status[status] = count;
  }
  row.record = unpack_location(*unpacker);
  if (!unpacker->whole()) return std::nullopt;
  return row;
}

std::string pack(RowKey key, const AttemptsCounted& attempts) {
  Packer packer;
  packer.number(attempts.run.first);
  packer.number(attempts.run.count);
  packer.number(attempts.trial.attempts);
  packer.number(attempts.trial.failures);
  packer.number(attempts.trial.losses);
  packer.number(attempts.trial.kills);
  packer.number(attempts.trial.grain);
  packer.text(attempts.lost_worker);
  return packer.seal(key);
}

std::optional<AttemptsCounted> unpack_attempts(RowKey key, JobId job, std::string_view packed) {
  auto unpacker = Unpacker::open(packed, key);
  if (!unpacker) return std::nullopt;
  AttemptsCounted attempts;
  attempts.job = job;
  attempts.run.first = unpacker->number();
  attempts.run.count = unpacker->number();
  attempts.trial.attempts = static_cast<std::uint32_t>(unpacker->number());
  attempts.trial.failures = static_cast<std::uint32_t>(unpacker->number());
  attempts.trial.losses = static_cast<std::uint32_t>(unpacker->number());
  attempts.trial.kills = static_cast<std::uint32_t>(unpacker->number());
  attempts.trial.grain = unpacker->number();
  attempts.lost_worker = unpacker->text();
  if (!unpacker->whole()) return std::nullopt;
  return attempts;
}

}  // namespace brigade::broker
