#include "tests/sim/client_actor.h"

#include <algorithm>

namespace brigade::sim {

void ClientActor::start() {
  begin_life();
  world_->note(self(), "starts");
  core_ = std::make_unique<client::Core>();
  socket_.reset();
  pending_.clear();
  inbox_.clear();
  calling_ = false;
  armed_ = kNever;
  feed(client::Start{.seed = world_->random(), .endpoint = "sim", .version = "sim"});
  if (world_->chance(50)) {  // the next reader begins anew instead of from the cursor
    seen_.clear();
    cursor_ = 0;
  }
  plan_after(world_->between(0ms, 300ms), [this] { next_step(); });
}

void ClientActor::kill() {
  if (!alive()) return;
  world_->note(self(), "dies");
  end_life();
  ++connection_;
  if (socket_) parts_.network.close(*socket_);
  socket_.reset();
}

std::string ClientActor::doing() const {
  if (done()) return "nothing";
  return "step " + std::to_string(at_) + " (kind " + std::to_string(static_cast<int>(step().what)) + ", job " +
         std::to_string(step().job) + ")";
}

// ---- The user ------------------------------------------------------------------------------------------------------

void ClientActor::next_step() {
  if (done()) return;
  const JobId id = parts_.checker.id_of(step().job);
  if (step().what != What::submit && !id) return try_again();
  const bool gone = parts_.checker.may_be_gone(id);
  if (gone && step().what != What::forget) return step_done();
  world_->note(self(), "calls", {}, {at_, static_cast<std::uint64_t>(step().what), step().job});
  switch (step().what) {
    case What::submit:
      return begin_call(client::SubmitCalled{job().spec, job().hash, read_next()});
    case What::wait:
      return begin_call(client::WaitCalled{id, {}});
    case What::read:
      return begin_call(read_call(step(), id));
    case What::cancel:
      return begin_call(client::AskCalled{Verb::cancel, to_string(id)});
    case What::ask:
      return begin_call(client::AskCalled{step().verb, to_string(id)});
    case What::forget:
      parts_.checker.forgets(id);
      return begin_call(client::AskCalled{Verb::forget, to_string(id)});
  }
}

client::ReadCalled ClientActor::read_call(const ClientStep& step, JobId job) const {
  return {.job = job,
          .order = step.order,
          .from = cursor_,
          .failed_only = step.failed_only,
          .with_arguments = step.with_arguments,
          .follow = step.follow,
          .progress = step.follow};
}

/// The read that follows the submit, where there is one.
std::optional<client::ReadCalled> ClientActor::read_next() const {
  if (at_ + 1 >= script_.size() || script_[at_ + 1].what != What::read || script_[at_ + 1].job != step().job)
    return std::nullopt;
  return read_call(script_[at_ + 1], {});
}

void ClientActor::begin_call(client::Event event) {
  calling_ = true;
  chunks_.clear();
  next_task_ = 0;
  finished_.reset();
  const std::uint64_t mine = life();
  // What came since the last call is heard first: otherwise the broker would seem to have been silent. But it may be
  // what the call asks for.
  const bool expected = core_->expects(event);
  if (expected) feed_all(event);
  for (std::deque<Frames> inbox = std::exchange(inbox_, {}); !inbox.empty(); inbox.pop_front()) {
    receive(inbox.front());
    if (mine != life()) return;
  }
  if (mine != life() || !calling_) return;
  feed_all(client::TimePassed{});
  if (!expected) feed_all(event);
}

void ClientActor::end_call(const client::CallResult& result) {
  calling_ = false;
  chunks_.clear();
  std::erase_if(pending_, [](const client::Event& left) { return !std::holds_alternative<client::SendFailed>(left); });
  std::visit(overload{
                 [&](const client::Connected&) {},
                 [&](const client::Accepted& accepted) {
                   world_->note(self(), "has accepted", {}, {accepted.job.low});
                   parts_.checker.accepted(job(), accepted.job);
                   step_done();
                 },
                 [&](const client::ReadDone& done) { read_done(done); },
                 [&](const client::WaitDone&) { step_done(); },
                 [&](const Answer&) { step_done(); },
                 [&](const Error& error) { failed(error); },
             },
             result);
}

void ClientActor::failed(const Error& error) {
  world_->note(self(), "is told an error", {}, {static_cast<std::uint64_t>(error.code)});
  switch (error.code) {
    case ErrorCode::unavailable:
    case ErrorCode::storage:
    case ErrorCode::not_found:  // an upload taken over by another connection; a lost job is the checker's to find
      if (error.code == ErrorCode::not_found && step().what == What::forget) return step_done();
      return try_again();
    case ErrorCode::conflict:
      if (step().what == What::submit && job().contested) return step_done();
      if (step().what == What::forget) return try_again();
      break;
    default:
      break;
  }
  world_->fail("a client is told: " + error.message);
}

void ClientActor::try_again() {
  plan_after(world_->between(50ms, 500ms), [this] { next_step(); });
}

void ClientActor::step_done() {
  ++at_;
  seen_.clear();
  cursor_ = 0;
  plan_after(world_->between(0ms, 200ms), [this] { next_step(); });
}

void ClientActor::read_done(const client::ReadDone& done) {
  if (!step().follow) return step_done();
  if (done.cursor < cursor_) world_->fail("a reader's cursor goes back");
  const bool complete = step().failed_only || seen_.size() == job().tasks;
  if (!complete)
    world_->fail("a read of job " + std::to_string(job().number) + " ended with " + std::to_string(seen_.size()) +
                 " of " + std::to_string(job().tasks) + " tasks");
  step_done();
}

// ---- The loop ------------------------------------------------------------------------------------------------------

void ClientActor::arrived(const Frames& frames) {
  if (!calling_) {
    inbox_.push_back(frames);
    return;
  }
  const std::uint64_t mine = life();
  receive(frames);
  if (mine == life() && calling_) feed_all(client::TimePassed{});
}

void ClientActor::receive(const Frames& frames) {
  auto message = wire::decode(frames);
  if (!message) return world_->fail("a client cannot decode: " + message.error().message);
  world_->note(self(), "<-", name_of(*message), numbers_of(*message));
  auto* results = std::get_if<Results>(&*message);
  if (results == nullptr) return feed_all(client::Arrived{std::move(*message)});
  results_ = std::move(*results);
  feed_all(client::ResultsArrived{results_->reader, results_->next, weight_of(*results_), results_->ended});
  results_.reset();
}

void ClientActor::feed_all(const client::Event& event) {
  feed(event);
  while (!pending_.empty() && !finished_) {
    const client::Event next = std::move(pending_.front());
    pending_.pop_front();
    feed(next);
  }
  if (auto finished = std::exchange(finished_, {})) end_call(*finished);
  if (alive()) arm();
}

void ClientActor::feed(const client::Event& event) {
  client::Commands commands;
  core_->on(event, world_->instant(), commands);
  for (client::Command& command : commands) carry_out(command);
  core_->check_invariants();
}

void ClientActor::carry_out(client::Command& command) {
  std::visit(overload{
                 [&](const client::Connect&) { connect(); },
                 [&](const client::Disconnect&) {
                   if (socket_) parts_.network.close(*socket_);
                   socket_.reset();
                   ++connection_;
                 },
                 [&](const client::Send& c) { send(c.message); },
                 [&](const client::SendChunk& c) {
                   Chunk chunk = chunks_.at(c.sequence);
                   chunk.job = c.job;
                   chunk.sequence = c.sequence;
                   send(std::move(chunk));
                 },
                 [&](const client::PullChunk& c) { pull_chunk(c.sequence); },
                 [&](const client::DropChunks& c) { chunks_.erase(chunks_.begin(), chunks_.lower_bound(c.before)); },
                 [&](const client::Deliver&) { deliver(); },
                 [](const client::Report&) {},
                 [&](client::Finish& c) { finished_ = std::move(c.result); },
             },
             command);
}

void ClientActor::connect() {
  if (socket_) parts_.network.close(*socket_);
  inbox_.clear();
  socket_ = parts_.network.open(parts_.link, [this, mine = ++connection_](Frames frames) {
    if (mine != connection_) return;
    run([this, mine, frames = std::move(frames)] {
      if (mine == connection_) arrived(frames);
    });
  });
}

void ClientActor::send(const Message& message) {
  if (!socket_) return;
  world_->note(self(), "->", name_of(message), numbers_of(message));
  if (parts_.network.send(*socket_, message)) return;
  parts_.network.close(*socket_);
  socket_.reset();
  ++connection_;
  pending_.push_back(client::SendFailed{});
}

void ClientActor::pull_chunk(std::uint64_t sequence) {
  if (sequence >= job().chunks.size()) {
    pending_.push_back(client::SourceEnded{job().tasks, job().hash});
    return;
  }
  Chunk chunk{.count = job().chunks[sequence]};
  ValuesBuilder arguments, labels;
  for (std::uint64_t i = 0; i < chunk.count; ++i) {
    labels.add("line " + std::to_string(next_task_));
    arguments.add(job().argument(next_task_++));
  }
  chunk.arguments = arguments.take();
  chunk.labels = labels.take();
  pending_.push_back(client::ChunkPulled{weight_of(chunk)});
  chunks_.emplace(sequence, std::move(chunk));
}

void ClientActor::deliver() {
  const Results& results = *results_;
  const bool arguments = step().with_arguments && !job().spec.range;
  ValuesReader values(results.outcomes.values), argument(results.arguments), label(results.labels);
  std::size_t row = 0;
  for (const Run& run : results.outcomes.runs)
    for (std::uint64_t index = run.first; index < run.end(); ++index, ++row) {
      const Origin& origin = results.origins.at(results.origin[row]);
      const SeenRow seen{results.outcomes.status[row], std::string(values.next()), origin.worker, origin.attempts,
                         results.outcomes.run_ms[row]};
      parts_.checker.reads(results.job, index, seen);
      if (!seen_.emplace(index, seen.status).second) world_->fail("a reader gets a task twice");
      if (step().order == Order::input && !seen_.empty() && seen_.rbegin()->first != index)
        world_->fail("a reader in input order gets a task out of order");
      if (step().failed_only && (seen.status == TaskStatus::ok || is_cancellation(seen.status)))
        world_->fail("a reader of failed tasks gets another");
      if (arguments && argument.next() != job().argument(index)) world_->fail("a result has the argument of another");
      if (arguments && label.next() != "line " + std::to_string(index))
        world_->fail("a result has the label of another");
    }
  cursor_ = results.next;
  pending_.push_back(client::ResultsTaken{});
}

void ClientActor::arm() {
  if (!calling_) return;
  const Instant deadline = std::max(core_->next_deadline(), world_->instant());
  if (deadline >= armed_ || deadline == kNever) return;
  armed_ = deadline;
  plan(deadline + world_->between(0us, 100us), [this, deadline] {
    if (armed_ == deadline) armed_ = kNever;
    if (!calling_) return;
    if (world_->instant() >= core_->next_deadline())
      feed_all(client::TimePassed{});
    else
      arm();
  });
}

}  // namespace brigade::sim
