// The broker's core among a few peers that say what they like: nothing they say may break an invariant, the rules of
// the result log, or the peers' codec.
#include <deque>
#include <map>
#include <set>

#include "broker/core/broker.h"
#include "tests/fuzz/messages.h"

namespace brigade::fuzz {
namespace {

/// The loop around a core, with a store that commits when the input says so.
class BrokerRun {
 public:
  explicit BrokerRun(Input input) : input_(input) {}

  void run() {
    feed(broker::Started{.seed = 1, .version = "1", .durable = true, .recovered = {.epoch = known_.epoch, .jobs = {}}});
    if (input_.flag()) begin_busily();
    while (!input_.empty()) {
      step();
      while (!unreachable_.empty()) {
        const PeerId gone = unreachable_.front();
        unreachable_.pop_front();
        feed(broker::PeerUnreachable{gone});
      }
    }
  }

 private:
  /// Two workers and a client with a job that runs: most of what can happen needs them.
  void begin_busily() {
    for (const std::uint64_t worker : {1U, 2U})
      say(PeerId{worker}, WorkerHello{.instance = InstanceId{worker},
                                      .name = "w",
                                      .slots = {2, 2},
                                      .kinds = {{.name = "noop"}, {.name = "fetch", .preferred = Lane::loop}}});
    say(PeerId{10}, ClientHello{});
    JobSpec spec{.kind = "noop", .range = Arithmetic{.start = 0, .step = 1, .count = 40}, .retries = 1, .key = "k"};
    if (input_.flag()) spec.limits = {.spacing = std::chrono::milliseconds(10), .per_target = 2};
    spec.ceilings.workers = static_cast<std::uint32_t>(input_.below(3));
    say(PeerId{10}, Open{.request = RequestId{1}, .spec = std::move(spec), .hash = ContentHash{}});
    feed(broker::Committed{written_.back()});
    written_.clear();
  }

  void step() {
    switch (input_.below(16)) {
      case 0:
      case 1:
        return pass_time();
      case 2:
      case 3:
      case 4:
        return commit();
      case 5:
        return answer_page();
      case 6:
        return misfortune();
      case 7:
        return arrive(peer(), raw_message(input_));
      case 8:
      case 9:
      case 10:
      case 11: {
        const PeerId client{10 + input_.below(3)};
        return say(client, client_says(input_, known_));
      }
      default: {
        const PeerId worker{1 + input_.below(4)};
        return say(worker, worker_says(input_, known_));
      }
    }
  }

  PeerId peer() { return PeerId{1 + input_.below(12)}; }

  void arrive(PeerId from, Result<Message> message) {
    if (message)
      feed(broker::MessageArrived{from, "host " + std::to_string(from.value % 2), *std::move(message)});
    else
      feed(broker::MalformedArrived{from, message.error()});
  }

  void say(PeerId from, const Message& message) { arrive(from, over_the_wire(message)); }

  void pass_time() {
    using namespace std::chrono_literals;
    constexpr Duration kTimes[] = {1us, 1ms, 20ms, 90ms, 250ms, 4s, 11min, 61min, 8 * 24h};
    const std::size_t which = input_.below(std::size(kTimes) + 4);
    const Duration until_due = core_.next_deadline() == kNever ? 0s : core_.next_deadline() - now_.instant;
    const Duration passed = which < std::size(kTimes) ? kTimes[which] : std::max<Duration>(0s, until_due);
    now_.instant += passed;
    now_.utc.value += passed / 1ms;
    feed(broker::TimePassed{});
  }

  void commit() {
    if (written_.empty()) return;
    const std::size_t count = std::min(1 + input_.below(8), written_.size());
    const Sequence last = written_[count - 1];
    written_.erase(written_.begin(), written_.begin() + static_cast<std::ptrdiff_t>(count));
    feed(broker::Committed{last});
  }

  void answer_page() {
    if (pages_.empty()) return;
    const broker::SendPage page = pages_.front();
    pages_.pop_front();
    if (input_.below(16) == 15) return feed(broker::PageUnreadable{page.to, page.reader, {}});
    const std::uint64_t rows = std::min<std::uint64_t>(1 + input_.number(), page.end - page.from);
    const bool ended = page.last && page.from + rows == page.end;
    feed(broker::PageSent{page.to, page.reader, page.from + rows, input_.number() % (1u << 30), ended, 0});
  }

  void misfortune() {
    switch (input_.below(4)) {
      case 0:
        return feed(broker::PeerUnreachable{peer()});
      case 1:
        return feed(broker::StoreStalled{"full"});
      case 2:
        return feed(broker::StoreResumed{});
      default:
        if (!known_.leases.empty())
          feed(broker::ArgumentsUnreadable{known_.leases[input_.below(256) % known_.leases.size()], {}});
    }
  }

  void feed(broker::Event event) {
    broker::Commands commands;
    core_.on(std::move(event), now_, commands);
    for (const broker::Command& command : commands) std::visit([this](const auto& c) { carry_out(c); }, command);
    core_.check_invariants();
  }

  void carry_out(const broker::Send& send) {
    require(static_cast<bool>(over_the_wire(send.message)));
    if (const auto* opened = std::get_if<Opened>(&send.message)) known_.jobs.push_back(opened->job);
    maybe_lose(send.to);
  }

  void carry_out(const broker::SendLease& send) {
    require(static_cast<bool>(over_the_wire(send.lease)));
    require(granted_.insert(send.lease.id).second);
    known_.leases.push_back(send.lease.id);
    maybe_lose(send.to);
  }

  void carry_out(const broker::Append& append) {
    written_.push_back(append.sequence);
    if (const auto* block = std::get_if<broker::BlockAppended>(&append.write)) log(*block);
    if (const auto* forgotten = std::get_if<broker::JobForgotten>(&append.write)) logs_.erase(forgotten->job);
  }

  void carry_out(const broker::SendPage& page) {
    require(page.from < page.end && page.bytes_max > 0);
    pages_.push_back(page);
  }

  /// Of each task one final record, and each block where the one before it ended.
  void log(const broker::BlockAppended& block) {
    RunSet& done = logs_[block.job];
    require(block.position == done.count());
    for (const Run& run : block.outcomes.runs) {
      require(done.within(run).empty());
      done.insert(run);
    }
  }

  /// A send that fails now and then, as the loop tells it: after this event's commands.
  void maybe_lose(PeerId to) {
    if (input_.below(64) == 63) unreachable_.push_back(to);
  }

  Input input_;
  broker::Broker core_{broker::Settings{}};
  Now now_{.instant = Instant(std::chrono::hours(1)), .utc = {1'600'000'000'000}};
  Known known_;
  std::deque<Sequence> written_;  ///< and not committed
  std::deque<broker::SendPage> pages_;
  std::deque<PeerId> unreachable_;
  std::set<LeaseId> granted_;
  std::map<JobId, RunSet> logs_;
};

}  // namespace
}  // namespace brigade::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  brigade::fuzz::BrokerRun({data, size}).run();
  return 0;
}
