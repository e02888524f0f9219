#include "broker/core/sessions.h"

#include <algorithm>

#include "broker/core/crew.h"
#include "broker/core/leases.h"
#include "broker/core/permit_desk.h"
#include "broker/core/readers.h"
#include "broker/core/roster.h"

namespace brigade::broker {
namespace {

Error other_version(std::uint32_t theirs, const std::string& version, const std::string& ours) {
  return {ErrorCode::conflict, "this peer (brigade " + version + ") speaks protocol " + std::to_string(theirs) +
                                   ", the broker (brigade " + ours + ") speaks " + std::to_string(kProtocolVersion) +
                                   "; install the same version on both"};
}

/// The client behind an address, for shares: the user for ipc, else the host.
std::string identity_of(const std::string& address) {
  return address.empty() ? "unknown" : address;
}

/// Moves what the worker still holds from its earlier connection; what it does not list never arrived.
void carry_over(State& state, Worker& from, Worker& to, const std::vector<HeldLease>& held, Now now, Commands& out) {
  std::set<LeaseId> listed;
  for (const HeldLease& lease : held) listed.insert(lease.lease);
  const std::vector<LeaseId> leases(from.leases.begin(), from.leases.end());
  for (const LeaseId id : leases) {
    if (!listed.contains(id)) {
      give_up(state, id, Fate::not_started, now, out);
      continue;
    }
    Held& lease = state.leases.at(id);
    lease.reclaiming = false;  // the question or its answer may be lost
    move_lease(state, lease, to);
  }
  to.finished_tasks = from.finished_tasks;
  if (from.draining && !to.draining) {  // the order may be lost too
    begin_draining(state, to);
    send(to.peer, Drain{}, out);
  }
}

/// The common past of tasks that are all free; nothing where another lease has some of them, some wait for a retry, or
/// their pasts differ.
std::optional<Trial> common_past(const Job& job, const RunSet& tasks) {
  std::uint64_t free = 0;
  std::optional<Trial> past;
  for (const Run& run : tasks.runs())
    for (const Waiting& part : job.leasable_in(run)) {
      free += part.run.count;
      if (past && *past != part.trial) return std::nullopt;
      past = part.trial;
    }
  return free == tasks.count() ? past : std::nullopt;
}

/// A lease of an earlier life of the session or the broker. It stands again if nobody else got its tasks since.
void adopt(State& state, Worker& worker, const HeldLease& held, Now now, Commands& out) {
  Job* job = state.job(held.job);
  if (job == nullptr || !job->sealed || job->cut || job->is_final()) {
    send(worker.peer, Abort{held.job}, out);
    return;
  }
  RunSet open;
  for (const Run& run : held.unfinished) {
    if (run.first >= job->tasks || run.count > job->tasks - run.first) continue;
    for (const Run& missing : job->done.missing(run)) open.insert(missing);
  }
  if (open.empty()) return;
  const std::optional<Trial> past = common_past(*job, open);
  const KindOffer* offer = worker.offer(job->spec.kind);
  // A lease that was never granted would share its id with one that will be.
  if (!past || offer == nullptr || !state.was_granted(held.lease) || !admits(state, *job, worker)) {
    send(worker.peer, Reclaim{held.lease}, out);
    return;
  }
  for (const Run& run : open.runs()) (void)job->take_waiting(run);
  const Placement placement = placement_of(job->spec.mode, offer->preferred, job->spec.ceilings);
  const Runs runs = open.runs();
  Held lease{.id = held.lease, .job = job->id, .worker = worker.peer, .open = open, .trial = *past};
  lease.run = {runs.front().first, runs.back().end() - runs.front().first};
  lease.lane = placement.lane;
  lease.cap = std::max(1u, std::min(placement.per_worker, worker.slots[static_cast<std::size_t>(placement.lane)]));
  lease.granted = now.instant;
  lease.queued_ms = static_cast<float>(to_ms(now.instant - job->accepted));
  hold(state, std::move(lease));
  if (job->started_at.value == 0) job->started_at = now.utc;
  touch(state, *job);
}

}  // namespace

void on_worker_hello(State& state, PeerId peer, const std::string& address, const WorkerHello& hello, Now now,
                     Commands& out) {
  if (hello.protocol != kProtocolVersion)
    return refuse(state, peer, other_version(hello.protocol, hello.version, state.self.version), now, out);
  Worker& worker = state.workers[peer];
  worker = Worker{.peer = peer,
                  .instance = hello.instance,
                  .address = address,
                  .name = hello.name,
                  .host = hello.host,
                  .version = hello.version,
                  .pid = hello.pid,
                  .slots = hello.slots,
                  .kinds = hello.kinds,
                  .draining = hello.draining,
                  .heard = now.instant};
  enlist(state, worker);
  send(peer, Welcome{state.epoch, state.self.version, 0}, out);
  if (const auto it = state.instances.find(hello.instance); it != state.instances.end()) {
    const PeerId old = it->second;
    Worker& before = state.workers.at(old);
    carry_over(state, before, worker, hello.held, now, out);
    forget_permits(state, old, now, out);  // the worker says what it still has
    dismiss(state, before);
    state.workers.erase(old);
  }
  state.instances[hello.instance] = peer;
  for (const HeldLease& held : hello.held)
    if (!state.leases.contains(held.lease)) adopt(state, worker, held, now, out);
  // A suspect that stayed alone here keeps the worker to itself.
  worker.exclusive = worker.leases.size() == 1 && state.leases.at(*worker.leases.begin()).trial.grain > 0;
  note_room(state, worker);
  state.idle_hands = true;
}

void on_client_hello(State& state, PeerId peer, const std::string& address, const ClientHello& hello, Now now,
                     Commands& out) {
  if (hello.protocol != kProtocolVersion)
    return refuse(state, peer, other_version(hello.protocol, hello.version, state.self.version), now, out);
  state.clients[peer] =
      Client{.peer = peer, .identity = identity_of(address), .address = address, .heard = now.instant};
  send(peer, Welcome{state.epoch, state.self.version, state.settings.upload_credit_bytes}, out);
}

void on_heartbeat(State& state, Worker& worker, const Heartbeat& heartbeat, Now now, Commands& out) {
  worker.busy = heartbeat.busy;
  const std::set<LeaseId> held(heartbeat.held.begin(), heartbeat.held.end());
  const std::vector<LeaseId> leases(worker.leases.begin(), worker.leases.end());
  for (const LeaseId id : leases)
    if (id <= heartbeat.last_lease && !held.contains(id)) give_up(state, id, Fate::not_started, now, out);
}

void on_returned(State& state, Worker& worker, const Returned& returned, Now now, Commands& out) {
  (void)now;
  (void)out;
  Held* lease = state.lease(returned.lease);
  if (lease == nullptr || lease->worker != worker.peer) {
    ++state.stale;
    return;
  }
  Job& job = state.jobs.at(lease->job);
  const Trial trial = lease->trial;
  const bool is_hedge = lease->hedge;
  Runs back;
  for (const Run& run : returned.runs)
    for (const Run& part : lease->open.within(run)) back.push_back(part);
  shrink(state, *lease, back);
  if (!is_hedge)
    for (const Run& run : back) job.requeue({run, trial});
  touch(state, job);
}

void end_session(State& state, PeerId peer, End end, Now now, Commands& out) {
  if (Worker* worker = state.worker(peer)) {
    const std::vector<LeaseId> leases(worker->leases.begin(), worker->leases.end());
    const Fate lost = leases.size() == 1 ? Fate::lost_alone : Fate::lost;
    for (const LeaseId id : leases) give_up(state, id, end == End::left ? Fate::not_started : lost, now, out);
    forget_permits(state, peer, now, out);
    dismiss(state, *worker);
    state.instances.erase(worker->instance);
    state.workers.erase(peer);
    state.idle_hands = true;
  }
  if (state.clients.erase(peer) > 0) drop_readers(state, peer);
}

void refuse(State& state, PeerId peer, Error error, Now now, Commands& out) {
  send(peer, Refused{std::move(error)}, out);
  end_session(state, peer, End::lost, now, out);
}

void ping_all(State& state, Now now, Commands& out) {
  std::vector<PeerId> silent;
  const auto visit = [&](const auto& sessions) {
    for (const auto& [peer, session] : sessions) {
      if (now.instant - session.heard > state.settings.silence_limit)
        silent.push_back(peer);
      else
        send(peer, Ping{}, out);
    }
  };
  visit(state.workers);
  visit(state.clients);
  std::ranges::sort(silent);
  for (const PeerId peer : silent) end_session(state, peer, End::lost, now, out);
}

}  // namespace brigade::broker
