#include "worker/loop.h"

#include <algorithm>

#include "proto/base/log.h"
#include "proto/wire/codec.h"

namespace brigade::worker {
namespace log = base::log;

Result<void> Loop::run(Started started) {
  handle(std::move(started));
  while (!exit_) {
    const bool more = collect();
    if (exit_) break;
    const std::array fds{parts_.signals.fd(), parts_.sides[0].outbox->fd(), parts_.sides[1].outbox->fd(),
                         parts_.gate.fd()};
    const Duration wait = std::max(Duration{}, session_.next_deadline() - base::monotonic_now());
    const auto readable = net::wait(dealer_.get(), fds, more ? Duration{} : wait);
    if (!readable.empty() && readable.front() == 0)
      while (parts_.signals.next()) handle(StopRequested{});
    receive();
    if (base::monotonic_now() >= session_.next_deadline()) handle(TimePassed{});
  }
  if (exit_->refused) return Error{ErrorCode::conflict, exit_->reason};
  return {};
}

/// Takes what the executors have finished. Returns whether to look again before waiting.
bool Loop::collect() {
  bool any = false;
  for (std::size_t lane = 0; lane < kLanes; ++lane) {
    for (Finished& finished : parts_.sides[lane].outbox->collect()) {
      any = true;
      const std::uint64_t sequence = ++last_block_;
      Kept kept{.lane = lane, .weight = weight_of(finished.outcomes)};
      kept.block = {sequence, finished.lease, finished.job, finished.leased_at, std::move(finished.outcomes)};
      BlockReady ready{sequence, finished.lease, kept.block.outcomes.runs};
      kept_.emplace(sequence, std::move(kept));
      handle(std::move(ready));
    }
  }
  for (PermitGate::News& news : parts_.gate.collect())
    handle(PermitNews{.job = news.job,
                      .target = news.target.id,
                      .name = std::move(news.target.name),
                      .counted = news.counted,
                      .wanted = news.wanted,
                      .unwanted = news.unwanted,
                      .ended = news.ended,
                      .hold = news.hold});
  return any;
}

void Loop::receive() {
  constexpr int kRound = 64;
  for (int i = 0; i < kRound && dealer_ && !exit_; ++i) {
    const auto frames = dealer_->receive();
    if (!frames) return;
    auto message = wire::decode(std::move(*frames));
    if (message)
      handle(MessageArrived{std::move(*message)});
    else
      handle(ConnectionBroke{"it sent a malformed message: " + message.error().message});
  }
}

void Loop::handle(Event event) {
  events_.push_back(std::move(event));
  while (!events_.empty()) {
    Event next = std::move(events_.front());
    events_.pop_front();
    Commands commands;
    session_.on(std::move(next), base::monotonic_now(), commands);
    for (Command& command : commands) carry_out(command);
  }
}

void Loop::carry_out(Command& command) {
  std::visit(overload{
                 [&](Connect&) {
                   dealer_.reset();
                   auto dealer = net::Dealer::connect(parts_.endpoint);
                   if (dealer)
                     dealer_ = std::move(*dealer);
                   else
                     events_.push_back(ConnectionBroke{dealer.error().message});
                 },
                 [&](Send& c) { send(c.message); },
                 [&](SendHeartbeat& c) {
                   for (std::size_t lane = 0; lane < kLanes; ++lane)
                     c.heartbeat.busy[lane] = parts_.sides[lane].executor->busy();
                   send(c.heartbeat);
                 },
                 [&](SendBlock& c) { send(kept_.at(c.sequence).block); },
                 [&](ForgetBlock& c) {
                   const auto node = kept_.extract(c.sequence);
                   parts_.sides[node.mapped().lane].executor->release(node.mapped().weight);
                 },
                 [&](Start& c) {
                   side(c.lane).executor->start({std::move(c.lease), c.per_worker});
                 },
                 [&](GiveBack& c) {
                   events_.push_back(GivenBack{c.lease, side(c.lane).executor->give_back(c.lease)});
                 },
                 [&](AbortJob& c) {
                   for (Side& each : parts_.sides) each.executor->abort(c.job);
                 },
                 [&](Admit& c) { parts_.gate.admit(c.job, c.target, c.count, c.first, c.spacing); },
                 [&](Exit& c) { exit_ = c; },
                 [&](Note& c) { log::info("{}", c.text); },
             },
             command);
}

void Loop::send(const Message& message) {
  if (!dealer_) return;  // the session hears of it by the ConnectionBroke that is on its way
  if (dealer_->send(wire::encode(message)) != net::SendResult::sent)
    events_.push_back(ConnectionBroke{"the broker takes nothing more"});
}

}  // namespace brigade::worker
