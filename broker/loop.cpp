#include "broker/loop.h"

#include <algorithm>
#include <array>
#include <utility>

#include "proto/base/log.h"
#include "proto/wire/codec.h"

namespace brigade::broker {
namespace log = base::log;

Result<void> Loop::run(Started started) {
  handle(std::move(started));
  for (bool more = false;;) {
    const std::array fds{parts_.signals.fd(), parts_.mailbox.fd()};
    const auto readable = net::wait(&parts_.router, fds, more ? Duration{} : until_deadline());
    if (!readable.empty() && readable.front() == 0) {
      if (const auto signal = parts_.signals.next()) {
        log::info("signal {}: what is accepted is on disk, stopping", *signal);
        return {};
      }
    }
    Mailbox::News news = parts_.mailbox.take();
    if (news.failure) return Error{ErrorCode::storage, *news.failure};
    for (Event& event : news.events) handle(std::move(event));
    more = receive_some();  // one round: many busy peers must hold up neither pages nor pings
    carry_out_pages();
    acknowledge();
    if (base::monotonic_now() >= core_.next_deadline()) handle(TimePassed{});
  }
}

Duration Loop::until_deadline() const {
  if (!orders_.empty()) return Duration{};
  return std::max(Duration{}, core_.next_deadline() - base::monotonic_now());
}

/// Takes up to a round of messages. Returns whether there may be more.
bool Loop::receive_some() {
  constexpr int kRound = 64;
  for (int i = 0; i < kRound; ++i) {
    auto inbound = parts_.router.receive();
    if (!inbound) return false;
    auto message = wire::decode(std::move(inbound->frames));
    if (message) {
      tell_size();
      handle(MessageArrived{inbound->peer, std::move(inbound->address), std::move(*message)});
    } else {
      log::warn("malformed message from {}: {}", inbound->address, message.error().message);
      handle(MalformedArrived{inbound->peer, message.error()});
    }
  }
  return true;
}

void Loop::tell_size() {
  if (!has_quota_) return;
  const std::uint64_t bytes = parts_.store.size_bytes();
  if (bytes != std::exchange(told_bytes_, bytes)) handle(StoreSized{bytes});
}

void Loop::handle(Event event) {
  events_.push_back(std::move(event));
  process();
}

void Loop::process() {
  while (!events_.empty()) {
    Event next = std::move(events_.front());
    events_.pop_front();
    Commands commands;
    core_.on(std::move(next), base::now(), commands);
    carry_out(std::move(commands));
  }
}

void Loop::carry_out(Commands commands) {
  for (Command& command : commands) {
    std::visit(overload{
                   [&](Send& c) {
                     if (std::holds_alternative<BlockStored>(c.message))
                       return acknowledgements_.push_back(std::move(c));
                     if (auto* answer = std::get_if<Answer>(&c.message); answer != nullptr && answer->status)
                       answer->status->state_bytes = parts_.store.size_bytes();
                     (void)send(c.to, c.message);
                   },
                   [&](SendLease& c) { send_lease(std::move(c)); },
                   [&](Append& c) {
                     if (const auto* forgotten = std::get_if<JobForgotten>(&c.write)) pages_.forget(forgotten->job);
                     if (parts_.store.append(c.sequence, std::move(c.write))) events_.push_back(Committed{c.sequence});
                   },
                   [&](SendPage& c) { orders_.push_back(c); },
               },
               command);
  }
}

bool Loop::send(PeerId to, const Message& message) {
  if (parts_.router.send(to, wire::encode(message)) == net::SendResult::sent) return true;
  events_.push_back(PeerUnreachable{to});
  return false;
}

void Loop::send_lease(SendLease order) {
  if (!order.lease.brief.range) {
    auto stored = parts_.store.arguments(order.lease.job, order.lease.run);
    if (!stored) {
      log::error("{}", stored.error().message);
      events_.push_back(ArgumentsUnreadable{order.lease.id, stored.error()});
      return;
    }
    order.lease.arguments = std::move(stored->arguments);
  }
  (void)send(order.to, order.lease);
}

void Loop::carry_out_pages() {
  for (std::size_t round = orders_.size(); round > 0; --round) {
    const SendPage order = orders_.front();
    orders_.pop_front();
    auto page = pages_.make(order);
    if (!page) {
      log::error("{}", page.error().message);
      handle(PageUnreadable{order.to, order.reader, page.error()});
      continue;
    }
    for (Results& results : page->messages) {
      results.reader = order.reader;
      results.job = order.job;
      // A queue that is full now may have room for the next message: the reader would not notice the gap.
      if (!send(order.to, results)) break;
    }
    handle(PageSent{.peer = order.to,
                    .reader = order.reader,
                    .next = page->next,
                    .bytes = page->weight,
                    .ended = page->ended,
                    .offset = page->offset});
  }
}

void Loop::acknowledge() {
  for (const Send& stored : std::exchange(acknowledgements_, {})) (void)send(stored.to, stored.message);
  process();
}

}  // namespace brigade::broker
