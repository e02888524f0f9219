// Results and the course of jobs.
#include <algorithm>

#include "proto/wire/limits.h"
#include "proto/wire/parts.h"

namespace brigade::wire {
namespace {

constexpr int kOrders = 2;

/// A part is of one value, and lies within it.
void check_part(const Results& results, Check& check) {
  if (results.whole_bytes == 0 && results.offset == 0) return;
  const std::uint64_t bytes = results.outcomes.values.blob.size();
  if (results.outcomes.count() != 1 || bytes == 0 || results.whole_bytes > kBlobBytesMax ||
      results.offset > kBlobBytesMax || results.offset + bytes > results.whole_bytes)
    check.refuse("results: {} bytes from {} on of a value of {}, in {} rows", bytes, results.offset,
                 results.whole_bytes, results.outcomes.count());
}

void check_origin(const Results& results, Check& check) {
  std::uint64_t largest = results.origin.constant();
  for (std::size_t row = 0; row < results.origin.size(); ++row)
    largest = std::max<std::uint64_t>(largest, results.origin[row]);
  if (!results.outcomes.runs.empty() && largest >= results.origins.size())
    check.refuse("results.origin: {} of {} origins", largest, results.origins.size());
}

}  // namespace

void put(const Read& read, pb::Read& to) {
  to.set_reader(read.reader.value);
  put(read.job, *to.mutable_job());
  to.set_order(static_cast<pb::Order>(read.order));
  to.set_from(read.from);
  to.set_failed_only(read.failed_only);
  to.set_with_arguments(read.with_arguments);
  to.set_credit_bytes(read.credit_bytes);
  to.set_follow(read.follow);
  to.set_offset(read.offset);
}

Read get(const pb::Read& from, Check& check) {
  return Read{.reader = RequestId{from.reader()},
              .job = get(from.job()),
              .order = check.one_of<Order>(from.order(), "read.order", kOrders),
              .from = from.from(),
              .failed_only = from.failed_only(),
              .with_arguments = from.with_arguments(),
              .credit_bytes = from.credit_bytes(),
              .follow = from.follow(),
              .offset = from.offset()};
}

void put(const Read& message, Out& out) {
  put(message, *out.envelope.mutable_read());
}
Message get(const pb::Read& from, In& in) {
  return get(from, in.check);
}

void put(const Take& message, Out& out) {
  auto& to = *out.envelope.mutable_take();
  to.set_reader(message.reader.value);
  to.set_bytes(message.bytes);
}

Message get(const pb::Take& from, In&) {
  return Take{.reader = RequestId{from.reader()}, .bytes = from.bytes()};
}

void put(const StopReading& message, Out& out) {
  out.envelope.mutable_stop_reading()->set_reader(message.reader.value);
}
Message get(const pb::StopReading& from, In&) {
  return StopReading{RequestId{from.reader()}};
}

void put(const Results& message, Out& out) {
  const std::uint64_t rows = message.outcomes.count();
  auto& to = *out.envelope.mutable_results();
  to.set_reader(message.reader.value);
  put(message.job, *to.mutable_job());
  to.set_next(message.next);
  to.set_ended(message.ended);
  to.set_whole_bytes(message.whole_bytes);
  to.set_offset(message.offset);
  to.set_origins(static_cast<std::uint32_t>(message.origins.size()));
  put(message.origins, out.body);
  out.body.column(message.origin, rows);
  put(message.outcomes, *to.mutable_runs(), out.body);
  out.body.values(message.arguments, rows);
  out.body.values(message.labels, rows);
}

Message get(const pb::Results& from, In& in) {
  Results results;
  results.reader = RequestId{from.reader()};
  results.job = get(from.job());
  results.next = from.next();
  results.ended = from.ended();
  results.whole_bytes = from.whole_bytes();
  results.offset = from.offset();
  results.origins = get_origins(from.origins(), in.body, in.check);
  // The rows are counted with the runs, which are checked again with the other columns.
  const std::uint64_t rows = count_of(in.check.runs(from.runs(), "outcomes.runs", kTasksPerMessageMax));
  results.origin = in.body.column<std::uint16_t>("results.origin", rows);
  results.outcomes = get(from.runs(), kTasksPerMessageMax, in.body, in.check);
  results.arguments = in.body.values("results.arguments", rows);
  results.labels = in.body.values("results.labels", rows);
  check_origin(results, in.check);
  check_part(results, in.check);
  return results;
}

void put(const ReadEnded& message, Out& out) {
  auto& to = *out.envelope.mutable_read_ended();
  to.set_reader(message.reader.value);
  to.set_next(message.next);
}

Message get(const pb::ReadEnded& from, In&) {
  return ReadEnded{.reader = RequestId{from.reader()}, .next = from.next()};
}

void put(const Watch& message, Out& out) {
  put(message.job, *out.envelope.mutable_watch()->mutable_job());
}
Message get(const pb::Watch& from, In&) {
  return Watch{get(from.job())};
}

void put(const JobChanged& message, Out& out) {
  put(message.job, *out.envelope.mutable_job_changed()->mutable_job());
}
Message get(const pb::JobChanged& from, In& in) {
  return JobChanged{get(from.job(), in.check)};
}

void put(const ReadRejected& message, Out& out) {
  auto& to = *out.envelope.mutable_read_rejected();
  to.set_reader(message.reader.value);
  put(message.job, *to.mutable_job());
  put(message.error, *to.mutable_error());
}

Message get(const pb::ReadRejected& from, In& in) {
  return ReadRejected{.reader = RequestId{from.reader()}, .job = get(from.job()), .error = get(from.error(), in.check)};
}

}  // namespace brigade::wire
