#include "client/loop.h"

#include <unistd.h>

#include <algorithm>
#include <utility>

#include "proto/base/os.h"
#include "proto/base/version.h"
#include "proto/wire/codec.h"
#include "proto/wire/limits.h"

namespace brigade::client {

namespace {

/// Between two looks at the clock and the user's wish to stop.
constexpr int kEventsPerTurn = 32;

/// A source is somebody else's code: what it breaks here would break the broker's trust in us later.
Result<void> check(const Chunk& chunk) {
  const auto fits = [&](const Values& values) {
    if (!values.sizes.is_constant() && values.sizes.size() != chunk.count) return false;
    return total_size(values.sizes, chunk.count) == values.blob.size() && values.blob.size() <= wire::kBlobBytesMax;
  };
  if (chunk.count > wire::kTasksPerMessageMax) {
    return Error{ErrorCode::too_large, "a chunk of " + std::to_string(chunk.count) + " tasks; at most " +
                                           std::to_string(wire::kTasksPerMessageMax) + " are allowed"};
  }
  if (!fits(chunk.arguments) || !fits(chunk.labels)) {
    return Error{ErrorCode::invalid, "a chunk's sizes do not match its arguments or labels"};
  }
  return {};
}

}  // namespace

Session::Loop::Loop(const ConnectOptions& options) : options_(options) {
  feed(Start{.seed = base::random_u64(),
             .endpoint = options.endpoint,
             .version = std::string(base::version()),
             .pid = static_cast<std::uint32_t>(::getpid()),
             .timeout = options.timeout,
             .silence = options.silence});
}

// ---- Calls -------------------------------------------------------------------------------------------------------

CallResult Session::Loop::submit(const JobSpec& spec, const ChunkSource& source,
                                 const std::optional<ReadCalled>& read_next) {
  hasher_.emplace(spec);
  source_ = &source;
  SubmitCalled submit{spec, {}, read_next};
  if (spec.range) submit.range_hash = hasher_->finish();
  return call(std::move(submit));
}

CallResult Session::Loop::read(const ReadCalled& read, bool parts, const ResultsSink& sink,
                               const ProgressSink& progress) {
  cursor_ = read.from;
  offset_ = read.offset;
  parts_ = parts;
  joiner_ = {};
  sink_ = &sink;
  progress_ = &progress;
  CallResult done = call(read);
  if (const auto* end = std::get_if<ReadDone>(&done)) cursor_ = end->cursor;
  return done;
}

CallResult Session::Loop::wait(const WaitCalled& wait, const ProgressSink& progress) {
  progress_ = &progress;
  return call(wait);
}

CallResult Session::Loop::call(Event event) {
  finished_.reset();
  if (interrupted(Duration{})) {
    finished_ = Error{ErrorCode::cancelled, "interrupted"};
  } else {
    if (!core_.expects(event)) catch_up();
    feed(event);
    while (!finished_) turn();
  }
  source_ = nullptr;
  sink_ = nullptr;
  progress_ = nullptr;
  hasher_.reset();
  chunks_.clear();
  // A socket that broke at the end of this call is the next call's matter, too.
  std::erase_if(pending_, [](const Event& left) { return !std::holds_alternative<SendFailed>(left); });
  return std::move(*finished_);
}

void Session::Loop::catch_up() {
  // Otherwise the broker would seem to have been silent since the last call.
  do {
    while (!pending_.empty()) feed_pending();
  } while (!receive_some());
  feed(TimePassed{});
}

void Session::Loop::feed_pending() {
  for (int i = 0; i < kEventsPerTurn && !pending_.empty() && !finished_; ++i) {
    const Event event = std::move(pending_.front());
    pending_.pop_front();
    feed(event);
  }
}

void Session::Loop::turn() {
  const Instant deadline = core_.next_deadline();
  Duration timeout{-1};
  if (deadline != kNever) timeout = std::max(Duration{}, deadline - base::monotonic_now());
  if (interrupted(pending_.empty() ? timeout : Duration{})) return feed(Interrupted{});
  feed_pending();
  if (finished_ || !pending_.empty()) return;
  if (receive_some() && !finished_ && pending_.empty()) feed(TimePassed{});
}

bool Session::Loop::interrupted(Duration timeout) {
  const int fd = options_.interrupt_fd;
  const std::span<const int> fds(&fd, fd >= 0 ? 1U : 0U);
  return !net::wait(dealer_.get(), fds, timeout).empty();
}

// ---- Receiving ---------------------------------------------------------------------------------------------------

bool Session::Loop::receive_some() {
  for (int i = 0; i < kEventsPerTurn; ++i) {
    if (dealer_ == nullptr) return true;
    auto frames = dealer_->receive();
    if (!frames) return true;
    const bool was_results = received(std::move(*frames));
    feed_pending();
    // A sink may be slow: the user's wish to stop is looked at behind every page.
    if (was_results || finished_ || !pending_.empty()) return false;
  }
  return false;
}

bool Session::Loop::received(net::Frames frames) {
  Result<Message> message = wire::decode(std::move(frames));
  auto* results = message ? std::get_if<Results>(&*message) : nullptr;
  if (results == nullptr) {
    feed(message ? Event(Arrived{std::move(*message)}) : Event(MalformedArrived{message.error()}));
    return false;
  }
  results_ = std::move(*results);
  feed(ResultsArrived{.reader = results_->reader,
                      .next = results_->next,
                      .weight = weight_of(*results_),
                      .ended = results_->ended,
                      .offset = offset_after(*results_)});
  results_.reset();
  return true;
}

// ---- Commands ----------------------------------------------------------------------------------------------------

void Session::Loop::feed(const Event& event) {
  Commands commands;
  core_.on(event, base::monotonic_now(), commands);
  for (Command& command : commands) carry_out(command);
}

void Session::Loop::carry_out(Command& command) {
  std::visit(overload{
                 [&](const Connect&) { connect(); },
                 [&](const Disconnect&) { dealer_.reset(); },
                 [&](const Send& send_command) { send(send_command.message); },
                 [&](const SendChunk& chunk) { send_chunk(chunk); },
                 [&](const PullChunk& pull) { pull_chunk(pull); },
                 [&](const DropChunks& drop) { chunks_.erase(chunks_.begin(), chunks_.lower_bound(drop.before)); },
                 [&](const Deliver&) { deliver(); },
                 [&](const Report& report) {
                   if (progress_ != nullptr && *progress_) (*progress_)(report.job);
                 },
                 [&](Finish& finish) { finished_ = std::move(finish.result); },
             },
             command);
}

void Session::Loop::connect() {
  dealer_.reset();
  auto dealer = net::Dealer::connect(options_.endpoint);
  if (dealer) {
    dealer_ = std::move(*dealer);
  } else {
    pending_.push_back(ConnectFailed{dealer.error()});
  }
}

void Session::Loop::send(const Message& message) {
  if (dealer_ == nullptr || dealer_->send(wire::encode(message)) == net::SendResult::sent) return;
  dealer_.reset();  // one SendFailed per socket
  pending_.push_back(SendFailed{});
}

void Session::Loop::send_chunk(const SendChunk& command) {
  Chunk chunk = chunks_.at(command.sequence);  // shares the columns
  chunk.job = command.job;
  chunk.sequence = command.sequence;
  send(std::move(chunk));
}

void Session::Loop::pull_chunk(const PullChunk& command) {
  Result<std::optional<Chunk>> next = (*source_)();
  while (next && *next && (*next)->count == 0) next = (*source_)();
  if (!next) {
    pending_.push_back(SourceFailed{next.error()});
    return;
  }
  if (!*next) {
    const std::uint64_t tasks = hasher_->tasks();
    pending_.push_back(SourceEnded{tasks, hasher_->finish()});
    return;
  }
  Chunk& chunk = **next;
  if (const Result<void> good = check(chunk); !good) {
    pending_.push_back(SourceFailed{good.error()});
    return;
  }
  hasher_->add(chunk.count, chunk.arguments);
  pending_.push_back(ChunkPulled{weight_of(chunk)});
  chunks_.emplace(command.sequence, std::move(chunk));
}

void Session::Loop::deliver() {
  if (results_->whole_bytes > 0 && !parts_) {
    std::optional<Results> whole = joiner_.add(*results_);
    if (!whole) return pending_.push_back(ResultsTaken{});
    results_ = std::move(whole);
  }
  const Result<void> taken = (*sink_)(*results_);
  if (!taken) {
    pending_.push_back(SinkFailed{taken.error()});
    return;
  }
  cursor_ = results_->next;
  offset_ = offset_after(*results_);
  pending_.push_back(ResultsTaken{});
}

}  // namespace brigade::client
