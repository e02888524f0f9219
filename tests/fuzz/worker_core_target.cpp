// The worker's core between a broker that says what it likes and its executors: no message may break an invariant, name
// a block that is not kept, or start a lease twice.
#include <deque>
#include <map>
#include <set>

#include "tests/fuzz/messages.h"
#include "worker/core/session.h"

namespace brigade::fuzz {
namespace {

/// The loop around a core, with executors that report and give back when the input says so.
class WorkerRun {
 public:
  explicit WorkerRun(Input input) : input_(input) { known_.jobs = {{0, 2}, {0, 3}}; }

  void run() {
    WorkerHello self{.instance = InstanceId{1},
                     .name = "w",
                     .slots = {2, 2},
                     .kinds = {{.name = "noop"}, {.name = "fetch", .preferred = Lane::loop}}};
    const Duration idle_limit = input_.flag() ? Duration{} : std::chrono::minutes(1);
    handle(worker::Started{.seed = 1, .self = std::move(self), .idle_limit = idle_limit});
    while (!input_.empty() && !session_.ended()) step();
  }

 private:
  void step() {
    switch (input_.below(16)) {
      case 0:
      case 1:
        return pass_time();
      case 2:
        return arrive(raw_message(input_));
      case 3:
        return handle(worker::ConnectionBroke{"cut"});
      case 4:
        if (input_.below(4) == 3) handle(worker::StopRequested{});
        return;
      case 5:
      case 6:
        return report();
      case 7:
        return input_.flag() ? report() : ask_for_permits();
      default:
        return arrive(over_the_wire(broker_says(input_, known_)));
    }
  }

  void arrive(Result<Message> message) {
    if (message)
      handle(worker::MessageArrived{*std::move(message)});
    else
      handle(worker::ConnectionBroke{message.error().message});
  }

  void pass_time() {
    using namespace std::chrono_literals;
    constexpr Duration kTimes[] = {1us, 1ms, 250ms, 600ms, 4s, 1min};
    const std::size_t which = input_.below(std::size(kTimes) + 2);
    const bool due = which >= std::size(kTimes) && session_.next_deadline() != kNever;
    now_ = due ? std::max(now_, session_.next_deadline()) : now_ + kTimes[which % std::size(kTimes)];
    handle(worker::TimePassed{});
  }

  /// A part of a running lease: its first tasks. What is given back are the last ones.
  Runs take(std::map<LeaseId, Lease>::iterator lease, bool from_the_end) {
    Run& left = lease->second.run;
    const std::uint64_t count = std::min<std::uint64_t>(left.count, 1 + input_.below(100));
    const Run taken{from_the_end ? left.end() - count : left.first, count};
    left = {from_the_end ? left.first : left.first + count, left.count - count};
    if (left.count == 0) running_.erase(lease);
    return {taken};
  }

  void report() {
    if (running_.empty()) return;
    const auto lease = std::next(running_.begin(), static_cast<std::ptrdiff_t>(input_.below(256) % running_.size()));
    kept_.insert(++last_block_);
    const LeaseId id = lease->first;
    handle(worker::BlockReady{last_block_, id, take(lease, false)});
  }

  void ask_for_permits() {
    worker::PermitNews news{.job = known_.jobs[input_.below(2)], .target = TargetId{input_.below(4)}, .name = "t"};
    news.counted = input_.flag();
    news.wanted = static_cast<std::uint32_t>(input_.below(4));
    news.unwanted = static_cast<std::uint32_t>(input_.below(4));
    news.ended = static_cast<std::uint32_t>(input_.below(4));
    if (input_.flag()) news.hold = std::chrono::milliseconds(input_.number() % 3'600'001);
    handle(std::move(news));
  }

  void handle(worker::Event event) {
    events_.push_back(std::move(event));
    while (!events_.empty()) {
      const worker::Event next = std::move(events_.front());
      events_.pop_front();
      worker::Commands commands;
      session_.on(next, now_, commands);
      session_.check_invariants();
      for (const worker::Command& command : commands) std::visit([this](const auto& c) { carry_out(c); }, command);
    }
  }

  void carry_out(const worker::Connect&) {}
  void carry_out(const worker::Send& send) { require(static_cast<bool>(over_the_wire(send.message))); }
  void carry_out(const worker::SendHeartbeat& send) { require(static_cast<bool>(over_the_wire(send.heartbeat))); }
  void carry_out(const worker::SendBlock& send) { require(kept_.contains(send.sequence)); }
  void carry_out(const worker::ForgetBlock& forget) { require(kept_.erase(forget.sequence) == 1); }
  void carry_out(const worker::Admit& admit) { require(admit.count > 0); }
  void carry_out(const worker::Start& start) {
    require(running_.emplace(start.lease.id, start.lease).second);
    known_.leases.push_back(start.lease.id);
  }
  void carry_out(const worker::GiveBack& order) {
    const auto lease = running_.find(order.lease);
    const bool some = lease != running_.end() && input_.flag();
    events_.push_back(worker::GivenBack{order.lease, some ? take(lease, true) : Runs{}});
  }
  void carry_out(const worker::AbortJob& abort) {
    std::erase_if(running_, [&](const auto& entry) { return entry.second.job == abort.job; });
  }
  void carry_out(const worker::Exit&) { require(session_.ended()); }
  void carry_out(const worker::Note& note) { require(!note.text.empty()); }

  Input input_;
  worker::Session session_{worker::SessionSettings{}};
  Instant now_ = Instant(std::chrono::hours(1));
  Known known_;
  std::deque<worker::Event> events_;
  std::map<LeaseId, Lease> running_;  ///< with what of them is not finished
  std::set<std::uint64_t> kept_;      ///< blocks
  std::uint64_t last_block_ = 0;
};

}  // namespace
}  // namespace brigade::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  brigade::fuzz::WorkerRun({data, size}).run();
  return 0;
}
