#include "broker/core/broker.h"

#include <algorithm>

#include "broker/core/answers.h"
#include "broker/core/leases.h"
#include "broker/core/outcomes.h"
#include "broker/core/permit_desk.h"
#include "broker/core/placement.h"
#include "broker/core/readers.h"
#include "broker/core/recovery.h"
#include "broker/core/roster.h"
#include "broker/core/sessions.h"
#include "broker/core/uploads.h"

namespace brigade::broker {
namespace {

Error no_session() {
  return {ErrorCode::not_found, "no session on this connection (the broker may have restarted); begin with Hello"};
}

Error out_of_place() {
  return {ErrorCode::malformed, "this peer may not send this message"};
}

bool fits(const Runs& runs, std::uint64_t count) {
  return std::ranges::all_of(runs, [&](const Run& run) { return run.first < count && run.count <= count - run.first; });
}

}  // namespace

Broker::Broker(Settings settings) {
  state_.settings = settings;
}

void Broker::on(Event event, Now now, Commands& out) {
  std::visit(overload{
                 [&](Started& e) { on_started(std::move(e), now, out); },
                 [&](MessageArrived& e) { on_message(e, now, out); },
                 [&](MalformedArrived& e) {
                   ++state_.malformed;
                   refuse(state_, e.peer, e.error, now, out);
                 },
                 [&](PeerUnreachable& e) { end_session(state_, e.peer, End::lost, now, out); },
                 [&](Committed& e) { on_committed(e.sequence, now, out); },
                 [&](StoreStalled& e) { state_.trouble = e.reason; },
                 [&](StoreResumed&) {
                   state_.trouble.clear();
                   state_.idle_hands = true;
                 },
                 [&](StoreSized& e) { state_.store_bytes = e.bytes; },
                 [&](PageSent& e) { on_page_sent(state_, e, out); },
                 [&](PageUnreadable& e) { on_page_unreadable(state_, e, out); },
                 [&](ArgumentsUnreadable& e) { fail_unreadable(state_, e.lease, e.error, now, out); },
                 [&](TimePassed&) { on_time(now, out); },
             },
             event);
  place(state_, now, out);
  if (!state_.changed.empty() && state_.next_telling == kNever)
    state_.next_telling = now.instant + state_.settings.watch_every;
}

void Broker::on_started(Started started, Now now, Commands& out) {
  state_.random.seed(started.seed);
  state_.epoch = started.recovered.epoch;
  state_.started = now.instant;
  state_.next_ping = now.instant + state_.settings.ping_every;
  state_.next_keeping = now.instant;
  recover(state_, std::move(started.recovered.jobs), now, out);
  started.recovered = {};
  state_.self = std::move(started);
}

void Broker::on_message(MessageArrived& arrived, Now now, Commands& out) {
  if (Worker* worker = state_.worker(arrived.peer)) {
    worker->heard = now.instant;
    return on_worker_message(*worker, arrived.message, now, out);
  }
  if (const auto it = state_.clients.find(arrived.peer); it != state_.clients.end()) {
    it->second.heard = now.instant;
    return on_client_message(it->second, arrived.message, now, out);
  }
  if (const auto* hello = std::get_if<WorkerHello>(&arrived.message))
    return on_worker_hello(state_, arrived.peer, arrived.address, *hello, now, out);
  if (const auto* hello = std::get_if<ClientHello>(&arrived.message))
    return on_client_hello(state_, arrived.peer, arrived.address, *hello, now, out);
  ++state_.stale;
  refuse(state_, arrived.peer, no_session(), now, out);
}

void Broker::on_worker_message(Worker& worker, const Message& message, Now now, Commands& out) {
  const PeerId peer = worker.peer;
  if (const auto* block = std::get_if<Block>(&message)) {
    const Job* job = state_.job(block->job);
    if (job != nullptr && !fits(block->outcomes.runs, job->tasks)) {
      ++state_.malformed;
      return refuse(state_, peer, {ErrorCode::malformed, "a block names tasks that the job does not have"}, now, out);
    }
    return on_block(state_, worker, *block, now, out);
  }
  if (const auto* heartbeat = std::get_if<Heartbeat>(&message))
    return on_heartbeat(state_, worker, *heartbeat, now, out);
  if (const auto* returned = std::get_if<Returned>(&message)) return on_returned(state_, worker, *returned, now, out);
  if (const auto* want = std::get_if<Want>(&message)) return on_want(state_, worker, *want, now, out);
  if (const auto* release = std::get_if<Release>(&message)) return on_release(state_, worker, *release, now, out);
  if (const auto* hold = std::get_if<Hold>(&message)) return on_hold(state_, *hold, now, out);
  if (std::get_if<Leaving>(&message)) return end_session(state_, peer, End::left, now, out);
  if (std::get_if<Drain>(&message)) {  // the worker was told to end, and says so
    begin_draining(state_, worker);
    return;
  }
  ++state_.malformed;
  refuse(state_, peer, out_of_place(), now, out);
}

void Broker::on_client_message(Client& client, const Message& message, Now now, Commands& out) {
  const PeerId peer = client.peer;
  std::visit(overload{
                 [&](const Open& m) { on_open(state_, client, m, now, out); },
                 [&](const Chunk& m) { on_chunk(state_, client, m, now, out); },
                 [&](const Seal& m) { on_seal(state_, client, m, now, out); },
                 [&](const Read& m) { on_read(state_, peer, m, out); },
                 [&](const Take& m) { on_take(state_, peer, m, out); },
                 [&](const StopReading& m) { on_stop_reading(state_, peer, m.reader); },
                 [&](const Watch& m) { on_watch(state_, peer, m, now, out); },
                 [&](const Ask& m) { on_ask(state_, client, m, now, out); },
                 [&](const Pong&) {},
                 [&](const Leaving&) { end_session(state_, peer, End::left, now, out); },
                 [&](const auto&) {
                   ++state_.malformed;
                   refuse(state_, peer, out_of_place(), now, out);
                 },
             },
             message);
}

void Broker::on_committed(Sequence sequence, Now now, Commands& out) {
  while (!state_.pending.empty() && state_.pending.front().sequence <= sequence) {
    const Pending pending = std::move(state_.pending.front());
    state_.pending.pop_front();
    if (state_.unstored_bytes > state_.settings.unstored_bytes_max) state_.idle_hands = true;  // leases were held back
    state_.unstored_bytes -= pending.bytes;
    std::visit(overload{
                   [&](const ChunkPending& p) {
                     const auto it = state_.clients.find(p.peer);
                     if (it == state_.clients.end()) return;
                     std::uint64_t& uploading = it->second.uploading_bytes;
                     uploading -= std::min(uploading, p.bytes);  // sent perhaps before a second Hello of this peer
                     send(p.peer, ChunkStored{p.job, p.sequence}, out);
                   },
                   [&](const SealPending& p) {
                     if (Job* job = state_.job(p.job)) on_seal_committed(state_, *job, now, out);
                   },
                   [&](const BlockPending& p) {
                     if (Job* job = state_.job(p.job)) on_block_committed(state_, *job, p.position, now, out);
                   },
                   [&](const AcknowledgePending& p) {
                     if (state_.workers.contains(p.worker)) send(p.worker, BlockStored{p.block}, out);
                   },
                   [&](const AnswerPending& p) {
                     if (!state_.clients.contains(p.client)) return;
                     Answer answer = p.answer;
                     if (const Job* job = state_.job(p.job)) answer.jobs = {job->summary(now.instant)};
                     send(p.client, std::move(answer), out);
                   },
                   [&](std::monostate) {},
               },
               pending.then);
  }
}

void Broker::on_time(Now now, Commands& out) {
  while (!state_.wakeups.empty() && state_.wakeups.begin()->first <= now.instant) {
    const JobId id = state_.wakeups.begin()->second;
    state_.wakeups.erase(state_.wakeups.begin());
    Job* job = state_.job(id);
    if (job == nullptr || job->is_final() || job->cut) continue;
    if (job->wake_delayed(now.instant)) touch(state_, *job);
    if (job->permits) grant_permits(state_, *job, now, out);
    if (now.instant >= job->deadline()) cut(state_, *job, TaskStatus::deadline, now, out);
  }
  if (now.instant >= state_.next_telling) {
    state_.next_telling = kNever;
    tell_all_watchers(state_, now, out);
  }
  if (now.instant >= std::min(state_.reclaim_due, state_.hedge_due)) state_.idle_hands = true;
  if (now.instant >= state_.next_ping) {
    state_.next_ping = now.instant + state_.settings.ping_every;
    ping_all(state_, now, out);
    state_.idle_hands = true;
  }
  if (now.instant >= state_.next_keeping) {
    state_.next_keeping = now.instant + std::chrono::minutes(1);
    expire_uploads(state_, now, out);
    forget_old(state_, now, out);
  }
}

Instant Broker::next_deadline() const {
  Instant next =
      std::min({state_.next_ping, state_.next_telling, state_.next_keeping, state_.reclaim_due, state_.hedge_due});
  if (!state_.wakeups.empty()) next = std::min(next, state_.wakeups.begin()->first);
  return next;
}

}  // namespace brigade::broker
