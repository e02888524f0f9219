// The client's core between a user with one call after another and a broker that says what it likes: no message may
// break an invariant, name a chunk that is not kept, or end a call twice.
#include <deque>
#include <set>

#include "client/core/core.h"
#include "tests/fuzz/messages.h"

namespace brigade::fuzz {
namespace {

/// The loop around a core, with a source and a sink that do what the input says.
class ClientRun {
 public:
  explicit ClientRun(Input input) : input_(input) { known_.jobs = {{0, 2}, {0, 3}}; }

  void run() {
    feed(client::Start{.seed = 1, .endpoint = "ipc://x", .version = "1"});
    while (!input_.empty()) in_call_ ? turn() : begin_call();
  }

 private:
  JobId job() { return known_.jobs[input_.below(2)]; }

  void begin_call() {
    while (!pending_.empty()) feed_pending();
    feed(client::TimePassed{});
    in_call_ = true;
    pulled_ = 0;
    source_ended_ = false;
    switch (input_.below(6)) {
      case 0:
        return feed(client::ConnectCalled{});
      case 1:
        return feed(client::WaitCalled{job(), std::chrono::seconds(input_.below(3))});
      case 2:
        return feed(client::AskCalled{static_cast<Verb>(input_.below(8)), input_.flag() ? "last" : to_string(job())});
      case 3: {
        JobSpec spec{.kind = "noop", .key = input_.flag() ? "k" : ""};
        if (input_.flag()) spec.range = Arithmetic{.start = 0, .step = 1, .count = 5};
        client::SubmitCalled call{std::move(spec), {}, {}};
        if (input_.flag()) call.read_next = client::ReadCalled{.order = static_cast<Order>(input_.below(2))};
        return feed(std::move(call));
      }
      default:
        return feed(client::ReadCalled{.job = job(),
                                       .order = static_cast<Order>(input_.below(2)),
                                       .from = input_.number(),
                                       .follow = input_.flag(),
                                       .progress = input_.flag()});
    }
  }

  /// As the loop does it: what is pending comes before anything is received, and only a user's wish before that.
  void turn() {
    const std::size_t what = input_.below(16);
    if (what == 0 && input_.below(4) == 3) return feed(client::Interrupted{});
    if (!pending_.empty()) return feed_pending();
    if (what <= 3 || !connected_) return pass_time();
    auto message = what == 4 ? raw_message(input_) : over_the_wire(broker_says(input_, known_));
    if (!message) return feed(client::MalformedArrived{message.error()});
    if (const auto* results = std::get_if<Results>(&*message))
      return deliver(client::ResultsArrived{results->reader, results->next, weight_of(*results), results->ended});
    if (const auto* opened = std::get_if<Opened>(&*message)) known_.jobs.push_back(opened->job);
    feed(client::Arrived{*std::move(message)});
  }

  void deliver(const client::ResultsArrived& results) {
    in_hand_ = true;
    feed(results);
    in_hand_ = false;
  }

  void pass_time() {
    using namespace std::chrono_literals;
    constexpr Duration kTimes[] = {1us, 1ms, 250ms, 4s, 2min};
    const std::size_t which = input_.below(std::size(kTimes) + 2);
    const bool due = which >= std::size(kTimes) && core_.next_deadline() != kNever;
    now_ = due ? std::max(now_, core_.next_deadline()) : now_ + kTimes[which % std::size(kTimes)];
    feed(client::TimePassed{});
  }

  void feed_pending() {
    const client::Event event = std::move(pending_.front());
    pending_.pop_front();
    feed(event);
  }

  void feed(const client::Event& event) {
    client::Commands commands;
    core_.on(event, now_, commands);
    core_.check_invariants();
    for (const client::Command& command : commands) {
      const bool is_last = &command == &commands.back();
      require(is_last || !std::holds_alternative<client::Finish>(command));
      std::visit([this](const auto& c) { carry_out(c); }, command);
    }
  }

  void carry_out(const client::Connect&) {
    connected_ = input_.below(16) != 15;
    if (!connected_) pending_.push_back(client::ConnectFailed{{ErrorCode::unavailable, "no socket"}});
  }
  void carry_out(const client::Disconnect&) { connected_ = false; }

  void carry_out(const client::Send& send) {
    require(static_cast<bool>(over_the_wire(send.message)));
    if (const auto* open = std::get_if<Open>(&send.message)) known_.requests.push_back(open->request);
    if (const auto* ask = std::get_if<Ask>(&send.message)) known_.requests.push_back(ask->request);
    if (const auto* read = std::get_if<Read>(&send.message)) known_.requests.push_back(read->reader);
    maybe_fail();
  }
  void carry_out(const client::SendChunk& send) {
    require(chunks_.contains(send.sequence));
    maybe_fail();
  }
  void maybe_fail() {
    if (!connected_ || input_.below(32) != 31) return;
    connected_ = false;  // one SendFailed per socket
    pending_.push_back(client::SendFailed{});
  }

  void carry_out(const client::PullChunk& pull) {
    require(in_call_ && !source_ended_ && pull.sequence == pulled_);
    source_ended_ = input_.below(4) == 3;
    if (!source_ended_) {
      chunks_.insert(pulled_++);
      return pending_.push_back(client::ChunkPulled{1 + input_.number() % (1u << 27)});
    }
    if (input_.below(4) == 3)
      pending_.push_back(client::SourceFailed{{ErrorCode::invalid, "a bad line"}});
    else
      pending_.push_back(client::SourceEnded{pulled_, {}});
  }
  void carry_out(const client::DropChunks& drop) { chunks_.erase(chunks_.begin(), chunks_.lower_bound(drop.before)); }

  void carry_out(const client::Deliver&) {
    require(in_hand_);
    if (input_.below(16) == 15)
      pending_.push_back(client::SinkFailed{{ErrorCode::storage, "full"}});
    else
      pending_.push_back(client::ResultsTaken{});
  }
  void carry_out(const client::Report&) { require(in_call_); }

  void carry_out(const client::Finish&) {
    require(in_call_);
    in_call_ = false;
    chunks_.clear();
    std::erase_if(pending_, [](const auto& left) { return !std::holds_alternative<client::SendFailed>(left); });
  }

  Input input_;
  client::Core core_;
  Instant now_ = Instant(std::chrono::hours(1));
  Known known_;
  std::deque<client::Event> pending_;
  std::set<std::uint64_t> chunks_;  ///< kept
  std::uint64_t pulled_ = 0;
  bool source_ended_ = false;
  bool in_call_ = false;
  bool in_hand_ = false;  ///< results
  bool connected_ = false;
};

}  // namespace
}  // namespace brigade::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  brigade::fuzz::ClientRun({data, size}).run();
  return 0;
}
