#include "tests/sim/broker_actor.h"

#include <algorithm>

namespace brigade::sim {

void BrokerActor::start() {
  begin_life();
  world_->note(self(), "starts");
  commands_left_.reset();
  events_.clear();
  orders_.clear();
  handling_ = false;
  armed_ = kNever;
  core_ = std::make_unique<broker::Broker>(broker::Settings{});
  store_ = std::make_unique<SimStore>(
      *world_, *disk_, [this](Duration wait, Action action) { plan_after(wait, std::move(action)); },
      [this](broker::Event event) { handle(std::move(event)); });
  if (plan_->slow_disk) store_->set_commit_time(1ms, 400ms);
  pages_ = std::make_unique<broker::Pages>(*store_);
  checker_->broker_starts();
  handle(broker::Started{.seed = world_->random(), .version = "sim", .durable = true, .recovered = disk_->recover()});
  network_->listen([this, mine = life()](PeerId peer, LinkNumber link, Frames frames) {
    if (mine != life()) return;
    run([this, mine, peer, link, frames = std::move(frames)] {
      if (mine == life()) received(peer, link, frames);
    });
  });
}

void BrokerActor::kill() {
  if (!alive()) return;
  world_->note(self(), "dies");
  end_life();
  store_->crash();
  network_->broker_died();
  if (told_) told_();
}

void BrokerActor::stall_store(Duration time) {
  if (alive()) store_->stall(time);
}

void BrokerActor::set_fast_store() {
  if (alive()) store_->set_commit_time(100us, 2ms);
}

void BrokerActor::received(PeerId peer, LinkNumber link, const Frames& frames) {
  auto message = wire::decode(frames);
  if (!message) return world_->fail("the broker cannot decode: " + message.error().message);
  world_->note(self(), "<-", name_of(*message), numbers_of(*message));
  for (const Bytes& frame : frames) world_->trace().mix(frame.view());
  if (auto* open = std::get_if<Open>(&*message); open != nullptr && world_->has(Bug::ceiling_unheard))
    open->spec.ceilings.workers = 0;
  handle(broker::MessageArrived{peer, "host-" + std::to_string(link), std::move(*message)});
}

void BrokerActor::handle(broker::Event event) {
  events_.push_back(std::move(event));
  if (handling_) return;  // of a command that is being carried out
  handling_ = true;
  const std::uint64_t mine = life();
  while (!events_.empty() && alive() && mine == life()) {
    broker::Event next = std::move(events_.front());
    events_.pop_front();
    feed(std::move(next));
  }
  handling_ = false;
  if (alive()) arm();
}

void BrokerActor::feed(broker::Event event) {
  broker::Commands commands;
  checker_->before_event(core_->state(), event);
  core_->on(event, world_->now(), commands);
  const std::uint64_t mine = life();
  for (broker::Command& command : commands) {
    if (commands_left_ && (*commands_left_)-- == 0) return kill();
    carry_out(command);
    if (!alive() || mine != life()) return;
  }
  checker_->after_event(*core_, event);
}

void BrokerActor::carry_out(broker::Command& command) {
  std::visit(overload{
                 [&](broker::Send& c) {
                   checker_->sends(core_->state(), c.to, c.message);
                   (void)send(c.to, c.message);
                 },
                 [&](broker::SendLease& c) { send_lease(c); },
                 [&](broker::Append& c) { appended(c); },
                 [&](broker::SendPage& c) {
                   if (orders_.empty()) plan_after(world_->between(0us, 100us), [this] { carry_out_pages(); });
                   orders_.push_back(c);
                 },
             },
             command);
}

void BrokerActor::appended(broker::Append& command) {
  checker_->appends(core_->state(), command.write);
  const Sequence sequence = command.sequence;
  const bool sealed = std::holds_alternative<broker::JobSealed>(command.write);
  store_->append(sequence, std::move(command.write));
  if (world_->has(Bug::ack_before_commit) || (world_->has(Bug::seal_before_commit) && sealed))
    events_.push_back(broker::Committed{sequence});
}

bool BrokerActor::send(PeerId to, const Message& message) {
  world_->note(self(), "->", name_of(message), numbers_of(message));
  if (network_->send_to(to, message)) return true;
  events_.push_back(broker::PeerUnreachable{to});
  return false;
}

void BrokerActor::send_lease(broker::SendLease& order) {
  checker_->leases(order.to, order.lease);
  if (!order.lease.brief.range) {
    auto stored = store_->arguments(order.lease.job, order.lease.run);
    if (!stored) return events_.push_back(broker::ArgumentsUnreadable{order.lease.id, stored.error()});
    order.lease.arguments = std::move(stored->arguments);
  }
  (void)send(order.to, order.lease);
}

void BrokerActor::carry_out_pages() {
  for (std::size_t round = orders_.size(); round > 0; --round) {
    broker::SendPage order = orders_.front();
    orders_.pop_front();
    if (world_->has(Bug::page_from_too_early) && order.from > 0) --order.from;
    auto page = pages_->make(order);
    if (!page) {
      if (disk_->job(order.job) != nullptr) world_->fail("a page cannot be made: " + page.error().message);
      handle(broker::PageUnreadable{order.to, order.reader, page.error()});
      continue;
    }
    for (Results& results : page->messages) {
      results.reader = order.reader;
      results.job = order.job;
      if (!send(order.to, results) && !world_->has(Bug::page_gap)) break;
    }
    handle(broker::PageSent{order.to, order.reader, page->next, page->weight, page->ended, page->offset});
  }
  if (!orders_.empty()) plan_after(world_->between(0us, 100us), [this] { carry_out_pages(); });
}

void BrokerActor::arm() {
  const Instant deadline = std::max(core_->next_deadline(), world_->instant());
  if (deadline >= armed_ || deadline == kNever) return;
  armed_ = deadline;
  plan(deadline + world_->between(0us, 100us), [this, deadline] {
    if (armed_ == deadline) armed_ = kNever;
    if (world_->instant() >= core_->next_deadline())
      handle(broker::TimePassed{});
    else
      arm();
  });
}

}  // namespace brigade::sim
