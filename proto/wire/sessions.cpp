// How sessions begin, live and end.
#include <algorithm>
#include <map>

#include "proto/wire/limits.h"
#include "proto/wire/parts.h"

namespace brigade::wire {
namespace {

// Jobs are named once: a worker may hold very many leases of few jobs.
void put_held(const std::vector<HeldLease>& held, pb::WorkerHello& to) {
  std::map<JobId, std::uint32_t> jobs;
  for (const HeldLease& lease : held) {
    const auto [it, added] = jobs.try_emplace(lease.job, static_cast<std::uint32_t>(jobs.size()));
    if (added) put(lease.job, *to.add_jobs());
    to.add_held_leases(lease.lease.value);
    to.add_held_jobs(it->second);
    to.add_held_runs(static_cast<std::uint32_t>(lease.unfinished.size()));
    put(lease.unfinished, *to.mutable_runs());
  }
}

// The lists agree in length, so that they can be walked together.
bool check_held(const pb::WorkerHello& from, Check& check) {
  check.most(static_cast<std::uint64_t>(from.held_leases_size()), "held leases", kLeasesPerWorkerMax);
  if (from.held_jobs_size() != from.held_leases_size() || from.held_runs_size() != from.held_leases_size())
    check.refuse("held leases: lists of unequal length");
  std::uint64_t runs = 0;
  for (const std::uint32_t count : from.held_runs()) runs += count;
  if (runs * 2 != static_cast<std::uint64_t>(from.runs_size()))
    check.refuse("held leases: {} runs told, and {} numbers for them", runs, from.runs_size());
  for (const std::uint32_t job : from.held_jobs())
    if (job >= static_cast<std::uint32_t>(from.jobs_size())) check.refuse("held leases: no job {}", job);
  return check.ok();
}

std::vector<HeldLease> get_held(const pb::WorkerHello& from, Check& check) {
  std::vector<HeldLease> held;
  if (!check_held(from, check)) return held;
  held.reserve(static_cast<std::size_t>(from.held_leases_size()));
  const std::uint64_t* runs = from.runs().data();
  for (int i = 0; check.ok() && i < from.held_leases_size(); ++i) {
    const std::size_t count = from.held_runs(i);
    held.push_back({.lease = LeaseId{from.held_leases(i)},
                    .job = get(from.jobs(static_cast<int>(from.held_jobs(i)))),
                    .unfinished = check.runs(runs, count, "held.unfinished", kTasksPerMessageMax)});
    runs += 2 * count;
  }
  return held;
}

}  // namespace

void put(const WorkerHello& message, Out& out) {
  out.envelope.set_protocol(message.protocol);
  auto& to = *out.envelope.mutable_worker_hello();
  to.set_instance(message.instance.value);
  to.set_name(message.name);
  to.set_host(message.host);
  to.set_version(message.version);
  to.set_pid(message.pid);
  for (const std::uint32_t slots : message.slots) to.add_slots(slots);
  for (const KindOffer& kind : message.kinds) put(kind, *to.add_kinds());
  put_held(message.held, to);
  to.set_draining(message.draining);
}

Message get(const pb::WorkerHello& from, In& in) {
  WorkerHello hello;
  hello.protocol = in.protocol;
  hello.instance = InstanceId{from.instance()};
  hello.name = in.check.text(from.name(), "worker.name", kNameBytesMax);
  hello.host = in.check.text(from.host(), "worker.host", kNameBytesMax);
  hello.version = in.check.text(from.version(), "worker.version", kNameBytesMax);
  hello.pid = from.pid();
  hello.slots = per_lane(from.slots(), "worker.slots", in.check);
  hello.kinds = get(from.kinds(), in.check);
  hello.held = get_held(from, in.check);
  hello.draining = from.draining();
  return hello;
}

void put(const ClientHello& message, Out& out) {
  out.envelope.set_protocol(message.protocol);
  auto& to = *out.envelope.mutable_client_hello();
  to.set_version(message.version);
  to.set_pid(message.pid);
}

Message get(const pb::ClientHello& from, In& in) {
  return ClientHello{.protocol = in.protocol,
                     .version = in.check.text(from.version(), "client.version", kNameBytesMax),
                     .pid = from.pid()};
}

void put(const Welcome& message, Out& out) {
  auto& to = *out.envelope.mutable_welcome();
  to.set_epoch(message.epoch);
  to.set_version(message.version);
  to.set_upload_credit_bytes(message.upload_credit_bytes);
}

Message get(const pb::Welcome& from, In& in) {
  return Welcome{.epoch = from.epoch(),
                 .version = in.check.text(from.version(), "broker.version", kNameBytesMax),
                 .upload_credit_bytes = from.upload_credit_bytes()};
}

void put(const Refused& message, Out& out) {
  put(message.error, *out.envelope.mutable_refused()->mutable_error());
}
Message get(const pb::Refused& from, In& in) {
  return Refused{get(from.error(), in.check)};
}

void put(const Ping&, Out& out) {
  out.envelope.mutable_ping();
}
void put(const Pong&, Out& out) {
  out.envelope.mutable_pong();
}
void put(const Leaving&, Out& out) {
  out.envelope.mutable_leaving();
}

void put(const Heartbeat& message, Out& out) {
  auto& to = *out.envelope.mutable_heartbeat();
  to.set_last_lease(message.last_lease.value);
  for (const LeaseId lease : message.held) to.add_held(lease.value);
  for (const std::uint32_t busy : message.busy) to.add_busy(busy);
}

Message get(const pb::Heartbeat& from, In& in) {
  Heartbeat heartbeat;
  heartbeat.last_lease = LeaseId{from.last_lease()};
  in.check.most(static_cast<std::uint64_t>(from.held_size()), "heartbeat.held", kLeasesPerWorkerMax);
  if (!in.check.ok()) return heartbeat;
  heartbeat.held.reserve(static_cast<std::size_t>(from.held_size()));
  for (const std::uint64_t lease : from.held()) heartbeat.held.push_back(LeaseId{lease});
  heartbeat.busy = per_lane(from.busy(), "heartbeat.busy", in.check);
  return heartbeat;
}

}  // namespace brigade::wire
