// The scheduler alone: a block comes and a lease goes, with so many workers and jobs. It should cost the same with any.
#include <benchmark/benchmark.h>

#include <deque>
#include <string>

#include "broker/core/broker.h"

namespace brigade::broker {
namespace {

constexpr std::uint64_t kTasks = 1'000'000'000;

/// A broker whose store commits at once, and its peers.
class World {
 public:
  World(std::uint64_t workers, std::uint64_t jobs) : broker_(Settings{}) {
    feed(Started{.seed = 1, .version = "bench"});
    say(client_, ClientHello{.protocol = kProtocolVersion});
    for (std::uint64_t i = 0; i < workers; ++i)
      say(PeerId{100 + i}, WorkerHello{.protocol = kProtocolVersion,
                                       .instance = InstanceId{1 + i},
                                       .name = "w" + std::to_string(i),
                                       .slots = {2, 0},
                                       .kinds = {{.name = "noop"}}});
    for (std::uint64_t i = 0; i < jobs; ++i) {
      JobSpec spec{.kind = "noop", .key = std::to_string(i)};
      spec.range = Arithmetic{.start = 0, .step = 1, .count = kTasks};
      say(client_, Open{.request = RequestId{i}, .spec = spec, .hash = ContentHash{}});
    }
  }

  /// The oldest lease is finished; what it frees is granted again.
  void finish_one() {
    const SendLease granted = std::move(leases_.front());
    leases_.pop_front();
    Outcomes outcomes{.runs = {granted.lease.run}};
    outcomes.run_ms = Column<float>(20.0f);
    say(granted.to, Block{.sequence = ++blocks_,
                          .lease = granted.lease.id,
                          .job = granted.lease.job,
                          .outcomes = std::move(outcomes)});
  }
  bool has_leases() const { return !leases_.empty(); }

 private:
  void say(PeerId peer, Message message) { feed(MessageArrived{peer, "user 0", std::move(message)}); }
  void feed(Event event) {
    Commands commands;
    now_.instant += std::chrono::microseconds(1);
    broker_.on(std::move(event), now_, commands);
    for (Command& command : commands) {
      if (auto* lease = std::get_if<SendLease>(&command)) leases_.push_back(std::move(*lease));
      if (const auto* write = std::get_if<Append>(&command)) written_ = write->sequence;
    }
    if (const Sequence written = std::exchange(written_, {})) feed(Committed{written});
  }

  Broker broker_;
  const PeerId client_{1};
  Now now_;
  std::deque<SendLease> leases_;
  Sequence written_;
  std::uint64_t blocks_ = 0;
};

void LeaseAndBlock(benchmark::State& state) {
  World world(static_cast<std::uint64_t>(state.range(0)), static_cast<std::uint64_t>(state.range(1)));
  for (auto _ : state) {
    if (!world.has_leases()) return state.SkipWithError("nothing is leased");
    world.finish_one();
  }
}
BENCHMARK(LeaseAndBlock)
    ->ArgNames({"workers", "jobs"})
    ->Args({1, 1})
    ->Args({10, 1})
    ->Args({100, 1})
    ->Args({1000, 1})
    ->Args({10, 10})
    ->Args({10, 100})
    ->Args({10, 1000});

}  // namespace
}  // namespace brigade::broker
