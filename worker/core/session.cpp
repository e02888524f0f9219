#include "worker/core/session.h"

#include <algorithm>

namespace brigade::worker {

void Session::on(Event event, Instant now, Commands& out) {
  if (phase_ == Phase::ended) return;
  std::visit(overload{
                 [&](Started& e) {
                   self_ = std::move(e);
                   random_.seed(self_.seed);
                   idle_since_ = now;
                   say_hello(now, out);
                 },
                 [&](MessageArrived& e) { on_message(std::move(e.message), now, out); },
                 [&](ConnectionBroke& e) {
                   if (!connected_) return;  // every send that failed says so, and one of them was heard
                   out.push_back(Note{"the connection to the broker broke: " + e.reason});
                   go_away(next_backoff(), now, out);
                 },
                 [&](BlockReady& e) { on_block(e, out); },
                 [&](GivenBack& e) { on_given_back(e, out); },
                 [&](PermitNews& e) { permits_.on_news(e, phase_ == Phase::standing, out); },
                 [&](StopRequested&) { on_stop(now, out); },
                 [&](TimePassed&) { on_time(now, out); },
             },
             event);
  leave_if_done(out);
}

void Session::on_message(Message message, Instant now, Commands& out) {
  if (!connected_) return;  // the tail of a connection that was given up
  if (phase_ == Phase::standing) heard_ = now;
  std::visit(overload{
                 [&](Welcome& m) {
                   if (phase_ == Phase::standing) return;
                   phase_ = Phase::standing;
                   heard_ = now;
                   attempts_ = 0;
                   last_lease_ = {};  // the Hello told what had come before; another broker may count from lower on
                   out.push_back(Note{"connected to broker " + m.version});
                   for (const auto& [id, holding] : held_)
                     if (!holding.returned.empty()) out.push_back(Send{Returned{id, holding.returned.runs()}});
                   for (const auto& [sequence, lease] : blocks_) out.push_back(SendBlock{sequence});
                   permits_.on_welcome(out);
                 },
                 [&](Refused& m) { on_refused(m, now, out); },
                 [&](Ping&) {
                   if (phase_ == Phase::standing) out.push_back(SendHeartbeat{heartbeat()});
                 },
                 [&](Lease& m) { on_lease(std::move(m), now, out); },
                 [&](Reclaim& m) {
                   if (const auto it = held_.find(m.lease); it != held_.end())
                     out.push_back(GiveBack{m.lease, it->second.lane});
                 },
                 [&](Abort& m) { on_abort(m.job, out); },
                 [&](Grant& m) {
                   if (phase_ == Phase::standing) permits_.on_grant(m, now, out);
                 },
                 [&](BlockStored& m) { on_stored(m.sequence, now, out); },
                 [&](Drain&) { drain(now, out); },
                 [&](auto&) { out.push_back(Note{"the broker sent a message that is not for workers"}); },
             },
             message);
}

void Session::on_lease(Lease lease, Instant now, Commands& out) {
  if (phase_ != Phase::standing || held_.contains(lease.id)) return;
  last_lease_ = std::max(last_lease_, lease.id);
  idle_since_ = now;
  const KindOffer* kind = offer(lease.brief.kind);
  if (draining_ || kind == nullptr) {
    out.push_back(Send{Returned{lease.id, {lease.run}}});
    return;
  }
  const Placement placement = placement_of(lease.brief.mode, kind->preferred, {.per_worker = lease.brief.per_worker});
  held_.emplace(lease.id, Holding{.job = lease.job, .lane = placement.lane, .unfinished = RunSet(lease.run)});
  out.push_back(Start{std::move(lease), placement.lane, placement.per_worker});
}

void Session::on_block(const BlockReady& ready, Commands& out) {
  blocks_.emplace(ready.sequence, ready.lease);
  if (const auto it = held_.find(ready.lease); it != held_.end()) {
    it->second.blocks.insert(ready.sequence);
    for (const Run& run : ready.runs) it->second.unfinished.erase(run);
  }
  if (phase_ == Phase::standing) out.push_back(SendBlock{ready.sequence});
}

void Session::on_stored(std::uint64_t sequence, Instant now, Commands& out) {
  const auto block = blocks_.find(sequence);
  if (block == blocks_.end()) return;  // acknowledged twice, after it was sent twice
  if (const auto it = held_.find(block->second); it != held_.end()) {
    it->second.blocks.erase(sequence);
    release_if_done(it);
  }
  blocks_.erase(block);
  idle_since_ = now;
  out.push_back(ForgetBlock{sequence});
}

void Session::on_given_back(const GivenBack& given, Commands& out) {
  const auto it = held_.find(given.lease);
  if (it == held_.end()) return;
  for (const Run& run : given.runs) {
    it->second.unfinished.erase(run);
    it->second.returned.insert(run);
  }
  if (phase_ == Phase::standing) out.push_back(Send{Returned{given.lease, given.runs}});
  release_if_done(it);
}

void Session::on_abort(JobId job, Commands& out) {
  out.push_back(AbortJob{job});
  permits_.on_abort(job);
  for (auto it = held_.begin(); it != held_.end();) {
    const auto holding = it++;
    if (holding->second.job != job) continue;
    holding->second.unfinished.clear();
    release_if_done(holding);
  }
}

void Session::on_refused(const Refused& refused, Instant now, Commands& out) {
  out.push_back(Note{"the broker refused this worker: " + refused.error.message});
  if (refused.error.code == ErrorCode::conflict || refused.error.code == ErrorCode::unauthorised) {
    phase_ = Phase::ended;
    out.push_back(Exit{refused.error.message, true});
    return;
  }
  // A broker that was restarted knows no session: introduce ourselves at once, but not in a circle.
  go_away(refused.error.code == ErrorCode::not_found && attempts_ == 0 ? Duration{} : next_backoff(), now, out);
}

void Session::on_time(Instant now, Commands& out) {
  if (now >= drain_until_) {
    out.push_back(Note{"the drain limit is over; what still runs is left to others"});
    return leave("drained", out);
  }
  if (phase_ == Phase::away) {
    if (now < heard_) return;
    if (!connected_) return say_hello(now, out);
    return go_away(next_backoff(), now, out);
  }
  if (now - heard_ >= settings_.silence_limit) {
    out.push_back(Note{"the broker is silent; connecting again"});
    return go_away(next_backoff(), now, out);
  }
  if (now - std::max(heard_, spoken_) >= settings_.speak_after) {
    spoken_ = now;
    out.push_back(SendHeartbeat{heartbeat()});
  }
  if (self_.idle_limit > Duration{} && held_.empty() && now - idle_since_ >= self_.idle_limit && !draining_) {
    out.push_back(Note{"idle for too long"});
    drain(now, out);
  }
}

void Session::say_hello(Instant now, Commands& out) {
  WorkerHello hello = self_.self;
  hello.draining = draining_;
  for (const auto& [id, holding] : held_) hello.held.push_back({id, holding.job, holding.unfinished.runs()});
  connected_ = true;
  heard_ = now + settings_.silence_limit;
  out.push_back(Connect{});
  out.push_back(Send{std::move(hello)});
}

void Session::go_away(Duration wait, Instant now, Commands& out) {
  phase_ = Phase::away;
  connected_ = false;
  heard_ = now + wait;
  if (wait == Duration{}) {
    ++attempts_;
    say_hello(now, out);
  }
}

Duration Session::next_backoff() {
  const std::uint32_t doublings = std::min(attempts_++, 16u);
  const Duration full = std::min(settings_.backoff_first * (std::int64_t{1} << doublings), settings_.backoff_max);
  const double jitter = std::uniform_real_distribution<double>(0.5, 1.0)(random_);
  return Duration(static_cast<std::int64_t>(static_cast<double>(full.count()) * jitter));
}

/// The first signal drains, unless that was ordered already; the second one ends, whatever runs.
void Session::on_stop(Instant now, Commands& out) {
  if (!std::exchange(stop_requested_, true)) return drain(now, out);
  leave("stopped at once", out);
}

void Session::drain(Instant now, Commands& out) {
  if (std::exchange(draining_, true)) return;
  drain_until_ = now + self_.drain_limit;
  if (phase_ == Phase::standing) out.push_back(Send{Drain{}});
  for (const auto& [id, holding] : held_) out.push_back(GiveBack{id, holding.lane});
}

void Session::leave_if_done(Commands& out) {
  if (phase_ == Phase::ended || !draining_ || !held_.empty() || !blocks_.empty()) return;
  leave("drained", out);
}

void Session::leave(std::string reason, Commands& out) {
  if (phase_ == Phase::standing) out.push_back(Send{Leaving{}});
  phase_ = Phase::ended;
  out.push_back(Exit{std::move(reason)});
}

void Session::release_if_done(std::map<LeaseId, Holding>::iterator holding) {
  if (holding->second.unfinished.empty() && holding->second.blocks.empty()) held_.erase(holding);
}

Heartbeat Session::heartbeat() const {
  Heartbeat heartbeat{.last_lease = last_lease_};
  for (const auto& [id, holding] : held_) heartbeat.held.push_back(id);
  return heartbeat;
}

const KindOffer* Session::offer(const std::string& kind) const {
  const auto it = std::ranges::find(self_.self.kinds, kind, &KindOffer::name);
  return it == self_.self.kinds.end() ? nullptr : &*it;
}

Instant Session::next_deadline() const {
  if (phase_ == Phase::ended) return kNever;
  Instant next = drain_until_;
  if (phase_ == Phase::away) return std::min(next, heard_);
  next = std::min(next, heard_ + settings_.silence_limit);
  next = std::min(next, std::max(heard_, spoken_) + settings_.speak_after);
  if (self_.idle_limit > Duration{} && held_.empty() && !draining_)
    next = std::min(next, idle_since_ + self_.idle_limit);
  return next;
}

void Session::check_invariants() const {
  for (const auto& [id, holding] : held_) {
    require(!holding.unfinished.empty() || !holding.blocks.empty());
    for (const std::uint64_t sequence : holding.blocks) require(blocks_.at(sequence) == id);
  }
  require(phase_ != Phase::standing || connected_);
}

}  // namespace brigade::worker
