#include "client/bench/swarm.h"

#include <unistd.h>

#include <deque>
#include <map>
#include <utility>

#include "proto/base/file_limit.h"
#include "proto/base/os.h"
#include "proto/base/version.h"
#include "proto/wire/codec.h"
#include "worker/core/session.h"

namespace brigade::bench {
namespace {

constexpr Duration kTick = std::chrono::milliseconds(20);  // how soon go() and the end are noticed

/// What a no-op would have answered: the task's own argument.
Outcomes answered(const Lease& lease, Duration task_time) {
  Outcomes outcomes{.runs = {lease.run}};
  outcomes.run_ms = Column<float>(static_cast<float>(to_ms(task_time)));
  outcomes.values = lease.arguments;
  if (!lease.brief.range) return outcomes;
  std::vector<std::uint64_t> numbers(lease.run.count);
  for (std::uint64_t i = 0; i < lease.run.count; ++i) numbers[i] = lease.brief.range->at(lease.run.first + i);
  outcomes.values = {.sizes = Column<std::uint32_t>(sizeof(std::uint64_t)), .blob = Bytes::of(std::move(numbers))};
  return outcomes;
}

worker::Started hello_of(std::size_t number, std::uint32_t slots) {
  WorkerHello self{.instance = InstanceId{base::random_u64()},
                   .name = "swarm-" + std::to_string(number),
                   .host = base::host_name(),
                   .version = std::string(base::version()),
                   .pid = static_cast<std::uint32_t>(::getpid()),
                   .slots = {slots, 0},
                   .kinds = {{.name = "noop"}}};
  return {.seed = base::random_u64(), .self = std::move(self)};
}

}  // namespace

/// One worker: its session's commands carried out.
struct Swarm::Member {
  Swarm* swarm = nullptr;
  std::unique_ptr<net::Dealer>* dealer = nullptr;  ///< its place among the sockets that are waited for
  const net::Dealer* anchor = nullptr;
  worker::Session session{worker::SessionSettings{}};
  std::deque<worker::Event> events;
  std::deque<Lease> waiting;
  std::map<std::uint64_t, Block> kept;
  std::uint64_t last_block = 0;

  void handle(worker::Event event) {
    events.push_back(std::move(event));
    while (!events.empty()) {
      worker::Event next = std::move(events.front());
      events.pop_front();
      worker::Commands commands;
      session.on(std::move(next), base::monotonic_now(), commands);
      for (worker::Command& command : commands) carry_out(command);
    }
  }

  void receive() {
    while (*dealer) {
      const auto frames = (*dealer)->receive();
      if (!frames) return;
      auto message = wire::decode(*frames);
      if (message)
        handle(worker::MessageArrived{std::move(*message)});
      else
        handle(worker::ConnectionBroke{message.error().message});
    }
  }

  void finish_waiting() {
    while (!waiting.empty()) {
      const Lease lease = std::move(waiting.front());
      waiting.pop_front();
      const std::uint64_t sequence = ++last_block;
      kept[sequence] = {sequence, lease.id, lease.job, {}, answered(lease, swarm->options_.task_time)};
      handle(worker::BlockReady{sequence, lease.id, {lease.run}});
    }
  }

  void send(const Message& message) {
    if (*dealer && (*dealer)->send(wire::encode(message)) != net::SendResult::sent)
      events.push_back(worker::ConnectionBroke{"the broker takes nothing more"});
  }

  void connect() {
    auto made = net::Dealer::connect(swarm->options_.endpoint, *anchor);
    if (made)
      *dealer = *std::move(made);
    else
      events.push_back(worker::ConnectionBroke{made.error().message});
  }

  void carry_out(worker::Command& command) {
    std::visit(overload{
                   [&](worker::Connect&) { connect(); }, [&](worker::Send& c) { send(c.message); },
                   [&](worker::SendHeartbeat& c) { send(c.heartbeat); },
                   [&](worker::SendBlock& c) { send(kept.at(c.sequence)); },
                   [&](worker::ForgetBlock& c) {
                     kept.erase(c.sequence);
                     ++swarm->acknowledged_;
                   },
                   [&](worker::Start& c) { waiting.push_back(std::move(c.lease)); },
                   [&](worker::GiveBack& c) { give_back(c.lease); },
                   [&](worker::AbortJob& c) {
                     std::erase_if(waiting, [&](const Lease& lease) { return lease.job == c.job; });
                   },
                   [](const auto&) {},  // notes, and the end: which the swarm's owner decides
               },
               command);
  }

  void give_back(LeaseId id) {
    Runs runs;
    std::erase_if(waiting, [&](const Lease& lease) {
      if (lease.id != id) return false;
      runs = {lease.run};
      return true;
    });
    events.push_back(worker::GivenBack{id, std::move(runs)});
  }
};

Swarm::Swarm(const Options& options, std::unique_ptr<net::Dealer> anchor)
    : options_(options), anchor_(std::move(anchor)) {}

Result<std::unique_ptr<Swarm>> Swarm::start(const Options& options) {
  base::raise_file_limit();
  auto anchor = net::Dealer::connect(options.endpoint);
  if (!anchor) return anchor.error();
  std::unique_ptr<Swarm> swarm(new Swarm(options, *std::move(anchor)));
  swarm->thread_ = std::thread([it = swarm.get()] { it->run(); });
  return swarm;
}

Swarm::~Swarm() {
  stopped_ = true;
  thread_.join();
}

void Swarm::run() {
  std::vector<std::unique_ptr<net::Dealer>> dealers(options_.workers);
  for (std::size_t i = 0; i < options_.workers; ++i) {
    members_.push_back(std::make_unique<Member>());
    Member& member = *members_.back();
    member.swarm = this;
    member.dealer = &dealers[i];
    member.anchor = anchor_.get();
    member.handle(hello_of(i, options_.slots));
  }
  Instant next_look{};
  while (!stopped_) {
    for (const std::size_t ready : net::wait(dealers, kTick)) {
      members_[ready]->receive();
      if (going_) members_[ready]->finish_waiting();
    }
    const Instant now = base::monotonic_now();
    if (now < next_look) continue;
    next_look = now + kTick;
    for (const auto& member : members_) {
      if (going_) member->finish_waiting();
      if (now >= member->session.next_deadline()) member->handle(worker::TimePassed{});
    }
  }
}

}  // namespace brigade::bench
