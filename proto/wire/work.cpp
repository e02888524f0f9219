// Leases and what becomes of them.
#include "proto/wire/limits.h"
#include "proto/wire/parts.h"

namespace brigade::wire {
namespace {

constexpr int kModes = 5;

Run get_run(const pb::Lease& from, Check& check) {
  const std::uint64_t numbers[] = {from.first(), from.count()};
  const Runs runs = check.runs(numbers, 1, "lease.run", kTasksPerMessageMax);
  return runs.empty() ? Run{} : runs.front();
}

}  // namespace

void put(const Lease& message, Out& out) {
  auto& to = *out.envelope.mutable_lease();
  to.set_id(message.id.value);
  put(message.job, *to.mutable_job());
  to.set_first(message.run.first);
  to.set_count(message.run.count);
  to.set_attempt(message.attempt);
  to.set_last_attempt(message.last_attempt);
  to.set_kind(message.brief.kind);
  to.set_options(message.brief.options);
  to.set_mode(static_cast<pb::Mode>(message.brief.mode));
  to.set_task_timeout_ns(message.brief.task_timeout.count());
  if (message.brief.range) put(*message.brief.range, *to.mutable_range());
  if (message.brief.limits.any()) put(message.brief.limits, *to.mutable_limits());
  to.set_per_worker(message.brief.per_worker);
  out.body.values(message.arguments, message.run.count);
}

Message get(const pb::Lease& from, In& in) {
  Lease lease;
  lease.id = LeaseId{from.id()};
  lease.job = get(from.job());
  lease.run = get_run(from, in.check);
  lease.attempt = from.attempt();
  lease.last_attempt = from.last_attempt();
  lease.brief.kind = in.check.text(from.kind(), "lease.kind", kNameBytesMax);
  lease.brief.options = in.check.text(from.options(), "lease.options", kOptionsBytesMax);
  lease.brief.mode = in.check.one_of<Mode>(from.mode(), "lease.mode", kModes);
  lease.brief.task_timeout = in.check.duration(from.task_timeout_ns(), "lease.task_timeout");
  if (from.has_range()) lease.brief.range = get(from.range(), in.check);
  if (from.has_limits()) lease.brief.limits = get(from.limits(), in.check);
  lease.brief.per_worker = static_cast<std::uint32_t>(in.check.most(from.per_worker(), "lease.per_worker", kSlotsMax));
  lease.arguments = in.body.values("lease.arguments", lease.run.count);
  return lease;
}

void put(const Reclaim& message, Out& out) {
  out.envelope.mutable_reclaim()->set_lease(message.lease.value);
}
Message get(const pb::Reclaim& from, In&) {
  return Reclaim{LeaseId{from.lease()}};
}

void put(const Returned& message, Out& out) {
  auto& to = *out.envelope.mutable_returned();
  to.set_lease(message.lease.value);
  put(message.runs, *to.mutable_runs());
}

Message get(const pb::Returned& from, In& in) {
  return Returned{.lease = LeaseId{from.lease()},
                  .runs = in.check.runs(from.runs(), "returned.runs", kTasksPerMessageMax)};
}

void put(const Abort& message, Out& out) {
  put(message.job, *out.envelope.mutable_abort()->mutable_job());
}
Message get(const pb::Abort& from, In&) {
  return Abort{get(from.job())};
}

void put(const Block& message, Out& out) {
  auto& to = *out.envelope.mutable_block();
  to.set_sequence(message.sequence);
  to.set_lease(message.lease.value);
  put(message.job, *to.mutable_job());
  to.set_leased_at_ms(message.leased_at.value);
  put(message.outcomes, *to.mutable_runs(), out.body);
}

Message get(const pb::Block& from, In& in) {
  Block block;
  block.sequence = from.sequence();
  block.lease = LeaseId{from.lease()};
  block.job = get(from.job());
  block.leased_at = {from.leased_at_ms()};
  if (from.runs().empty()) in.check.refuse("block: no tasks");
  block.outcomes = get(from.runs(), kTasksPerMessageMax, in.body, in.check);
  return block;
}

void put(const BlockStored& message, Out& out) {
  out.envelope.mutable_block_stored()->set_sequence(message.sequence);
}
Message get(const pb::BlockStored& from, In&) {
  return BlockStored{from.sequence()};
}

void put(const Drain&, Out& out) {
  out.envelope.mutable_drain();
}

}  // namespace brigade::wire
