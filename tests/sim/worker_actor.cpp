#include "tests/sim/worker_actor.h"

#include <algorithm>
#include <limits>

namespace brigade::sim {

void WorkerActor::start() {
  begin_life();
  world_->note(self(), "starts");
  instance_ = InstanceId{world_->random()};
  session_ = std::make_unique<worker::Session>(worker::SessionSettings{});
  const std::string signature = parts_.self.name + '.' + std::to_string(life());
  gate_ = std::make_unique<worker::PermitGate>();
  asked_ = false;
  for (std::size_t lane = 0; lane < kLanes; ++lane)
    executors_[lane] = std::make_unique<SimExecutor>(
        *world_, parts_.plan, parts_.checker, parts_.self.slots[lane],
        SimExecutor::Edge{.plan = [this](Duration wait, Action action) { plan_after(wait, std::move(action)); },
                          .finished = [this, lane] { collect(lane); },
                          .killed = [this] { kill(); },
                          .signature = signature,
                          .worker = instance_,
                          .gate = gate_.get(),
                          .asked =
                              [this] {
                                if (!std::exchange(asked_, true))
                                  plan_after(world_->between(0us, 300us), [this] { collect_permits(); });
                              }});
  socket_.reset();
  events_.clear();
  handling_ = false;
  kept_.clear();
  last_block_ = 0;
  armed_ = kNever;
  WorkerHello hello{.instance = instance_, .name = parts_.self.name, .host = "host", .version = "sim"};
  hello.slots = parts_.self.slots;
  hello.kinds = parts_.self.kinds;
  handle(worker::Started{.seed = world_->random(), .self = hello, .drain_limit = world_->between(500ms, 5s)});
}

void WorkerActor::kill() {
  if (!alive()) return;
  world_->note(self(), "dies");
  exit();
}

void WorkerActor::exit() {
  end_life();
  parts_.checker.worker_ends(instance_);
  ++connection_;
  if (socket_) parts_.network.close(*socket_);
  socket_.reset();
  if (told_) told_();
}

void WorkerActor::drain() {
  if (!alive()) return;
  run([this] {
    world_->note(self(), "is told to drain");
    handle(worker::StopRequested{});
  });
}

bool WorkerActor::has(LeaseId lease, std::uint64_t index) const {
  if (!alive()) return false;
  for (const auto& executor : executors_)
    if (executor->has(lease, index)) return true;
  return std::ranges::any_of(kept_, [&](const auto& entry) {
    const Block& block = entry.second.block;
    return block.lease == lease &&
           std::ranges::any_of(block.outcomes.runs, [&](const Run& run) { return run.contains(index); });
  });
}

void WorkerActor::handle(worker::Event event) {
  events_.push_back(std::move(event));
  if (handling_) return;
  handling_ = true;
  const std::uint64_t mine = life();
  while (!events_.empty()) {
    worker::Event next = std::move(events_.front());
    events_.pop_front();
    const auto* arrived = std::get_if<worker::MessageArrived>(&next);
    greeted_ = arrived != nullptr && std::holds_alternative<Welcome>(arrived->message);
    worker::Commands commands;
    session_->on(std::move(next), world_->instant(), commands);
    for (worker::Command& command : commands) {
      carry_out(command);
      if (mine != life()) return;
    }
    session_->check_invariants();
  }
  handling_ = false;
  arm();
}

void WorkerActor::carry_out(worker::Command& command) {
  std::visit(overload{
                 [&](worker::Connect&) { connect(); },
                 [&](worker::Send& c) {
                   if (const auto* returned = std::get_if<Returned>(&c.message)) {
                     if (greeted_ && world_->has(Bug::returned_once)) return;
                     parts_.checker.returns(*returned);
                   }
                   send(c.message);
                 },
                 [&](worker::SendHeartbeat& c) {
                   for (std::size_t lane = 0; lane < kLanes; ++lane) c.heartbeat.busy[lane] = executors_[lane]->busy();
                   if (world_->has(Bug::heartbeat_too_far))
                     c.heartbeat.last_lease.value = std::numeric_limits<std::uint64_t>::max();
                   if (world_->has(Bug::heartbeat_empty)) c.heartbeat.held.clear();
                   send(c.heartbeat);
                 },
                 [&](worker::SendBlock& c) { send(kept_.at(c.sequence).block); },
                 [&](worker::ForgetBlock& c) { kept_.erase(c.sequence); },
                 [&](worker::Start& c) {
                   executor(c.lane).start({std::move(c.lease), c.per_worker});
                 },
                 [&](worker::GiveBack& c) {
                   events_.push_back(worker::GivenBack{c.lease, executor(c.lane).give_back(c.lease)});
                 },
                 [&](worker::AbortJob& c) {
                   for (const auto& each : executors_) each->abort(c.job);
                 },
                 [&](worker::Admit& c) {
                   const std::uint32_t more = world_->has(Bug::one_permit_more) ? 1 : 0;
                   gate_->admit(c.job, c.target, c.count + more, c.first, c.spacing);
                 },
                 [&](worker::Exit&) {
                   world_->note(self(), "exits");
                   exit();
                 },
                 [](worker::Note&) {},
             },
             command);
}

void WorkerActor::connect() {
  if (socket_) parts_.network.close(*socket_);
  socket_ = parts_.network.open(parts_.link, [this, mine = ++connection_](Frames frames) {
    if (mine != connection_) return;
    run([this, mine, frames = std::move(frames)] {
      if (mine == connection_) received(frames);
    });
  });
}

void WorkerActor::send(const Message& message) {
  if (!socket_) return;
  world_->note(self(), "->", name_of(message), numbers_of(message));
  if (!parts_.network.send(*socket_, message))
    events_.push_back(worker::ConnectionBroke{"the broker takes nothing more"});
}

void WorkerActor::received(const Frames& frames) {
  auto message = wire::decode(frames);
  if (!message) return world_->fail("a worker cannot decode: " + message.error().message);
  world_->note(self(), "<-", name_of(*message), numbers_of(*message));
  if (const auto* lease = std::get_if<Lease>(&*message)) parts_.checker.arrives(lease->id);
  handle(worker::MessageArrived{std::move(*message)});
}

void WorkerActor::collect(std::size_t lane) {
  const std::uint64_t mine = life();
  for (worker::Finished& finished : executors_[lane]->collect()) {
    const std::uint64_t sequence = ++last_block_;
    Kept kept{.lane = lane};
    kept.block = {sequence, finished.lease, finished.job, finished.leased_at, std::move(finished.outcomes)};
    parts_.checker.makes(instance_, kept.block);
    worker::BlockReady ready{sequence, finished.lease, kept.block.outcomes.runs};
    kept_.emplace(sequence, std::move(kept));
    handle(std::move(ready));
    if (mine != life()) return;
  }
}

void WorkerActor::collect_permits() {
  asked_ = false;
  const std::uint64_t mine = life();
  for (worker::PermitGate::News& news : gate_->collect()) {
    handle(worker::PermitNews{.job = news.job,
                              .target = news.target.id,
                              .name = std::move(news.target.name),
                              .counted = news.counted,
                              .wanted = news.wanted,
                              .unwanted = news.unwanted,
                              .ended = news.ended,
                              .hold = news.hold});
    if (mine != life()) return;
  }
}

void WorkerActor::arm() {
  const Instant deadline = std::max(session_->next_deadline(), world_->instant());
  if (deadline >= armed_ || deadline == kNever) return;
  armed_ = deadline;
  plan(deadline + world_->between(0us, 100us), [this, deadline] {
    if (armed_ == deadline) armed_ = kNever;
    if (world_->instant() >= session_->next_deadline())
      handle(worker::TimePassed{});
    else
      arm();
  });
}

}  // namespace brigade::sim
