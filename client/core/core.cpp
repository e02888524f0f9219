#include "client/core/core.h"

#include <algorithm>
#include <type_traits>
#include <utility>

namespace brigade::client {

Core::Core() = default;
Core::~Core() = default;

void Core::on(const Event& event, Instant now, Commands& out) {
  const bool first = std::holds_alternative<Start>(event);
  require(first == (link_ == nullptr));
  const std::size_t before = out.size();
  Step step{start_, now, last_request_, out};
  auto* upload = std::get_if<Upload>(&call_);
  auto* reader = std::get_if<Reader>(&call_);
  std::visit(overload{
                 [&](const Start& start) {
                   start_ = start;
                   link_ = std::make_unique<Link>(start_);
                 },
                 [&](const ConnectCalled&) { begin(Connecting{}, step); },
                 [&](const SubmitCalled& call) { begin(upload_of(call), step); },
                 [&](const ReadCalled& call) { begin_read(call, step); },
                 [&](const WaitCalled& call) { begin(Watcher(call, now), step); },
                 [&](const AskCalled& call) { begin(Question(call), step); },
                 [&](const Interrupted&) {
                   fail({ErrorCode::cancelled, "interrupted"}, step);
                 },
                 [&](const Arrived& arrival) { arrived(arrival.message, step); },
                 [&](const ResultsArrived& results) {
                   link_->heard_results(now);
                   link_->worked();
                   if (reader != nullptr) reader->results_arrived(results, step);
                 },
                 [&](const MalformedArrived& bad) {
                   const std::string what = "the broker at " + start_.endpoint + " sent what this client cannot read (";
                   follow(link_->complain({bad.error.code, what + bad.error.message + ")"}, now, out), step);
                 },
                 [&](const ConnectFailed& failure) { follow(link_->give_up(failure.error, out), step); },
                 [&](const SendFailed&) { follow(link_->broke(now, out), step); },
                 [&](const ChunkPulled& chunk) {
                   if (upload != nullptr) upload->chunk_pulled(chunk, step);
                 },
                 [&](const SourceEnded& end) {
                   if (upload != nullptr) upload->source_ended(end, step);
                 },
                 [&](const SourceFailed& failure) { fail(failure.error, step); },
                 [&](const ResultsTaken&) {
                   if (reader != nullptr) reader->results_taken(step);
                 },
                 [&](const SinkFailed& failure) { fail(failure.error, step); },
                 [&](const TimePassed&) { time_passed(step); },
             },
             event);
  if (out.size() == before) return;
  if (const auto* finish = std::get_if<Finish>(&out.back())) end_call(finish->result);
}

void Core::end_call(const CallResult& result) {
  if (const auto* upload = std::get_if<Upload>(&call_); upload != nullptr && std::holds_alternative<Accepted>(result))
    ahead_ = upload->read_begun();
  call_ = Nothing{};
}

Upload Core::upload_of(const SubmitCalled& call) {
  JobSpec spec = call.spec;
  auto& random = link_->random();
  if (spec.key.empty()) {
    const std::uint64_t high = random();
    spec.key = to_string(JobId{high, random()});
  }
  std::optional<SourceEnded> end;
  if (spec.range) end = SourceEnded{spec.range->count, call.range_hash};
  return Upload(std::move(spec), end, call.read_next);
}

bool Core::expects(const Event& event) const {
  const auto* read = std::get_if<ReadCalled>(&event);
  if (read == nullptr || !ahead_) return false;
  ReadCalled wanted = *read;
  wanted.progress = ahead_->call.progress;
  return wanted == ahead_->call;
}

void Core::begin_read(const ReadCalled& call, Step& step) {
  if (!expects(call)) return begin(Reader(call), step);
  Reader reader(call);
  reader.begun(std::exchange(ahead_, std::nullopt)->reader, step);
  require(std::holds_alternative<Nothing>(call_));
  call_ = std::move(reader);
}

void Core::begin(Call call, Step& step) {
  require(std::holds_alternative<Nothing>(call_));
  if (const auto unwanted = std::exchange(ahead_, std::nullopt)) step.send(StopReading{unwanted->reader});
  call_ = std::move(call);
  follow(link_->need(step.now, step.out), step);
}

void Core::fail(Error error, Step& step) {
  if (std::holds_alternative<Nothing>(call_)) return;
  std::visit(overload{[](Nothing&) {}, [&](auto& call) { call.stop(step); }}, call_);
  step.finish(std::move(error));
}

void Core::follow(LinkChange change, Step& step) {
  if (change != LinkChange::none && change != LinkChange::came_up) ahead_.reset();
  if (std::holds_alternative<Nothing>(call_)) return;
  switch (change) {
    case LinkChange::none:
      return;
    case LinkChange::came_up:
      std::visit(overload{[](Nothing&) {}, [&](Upload& upload) { upload.resume(link_->upload_credit(), step); },
                          [&](auto& call) { call.resume(step); }},
                 call_);
      return;
    case LinkChange::went_down:
      std::visit(overload{[](Nothing&) {}, [](auto& call) { call.lost(); }}, call_);
      return;
    case LinkChange::gave_up:
      step.finish(link_->error());
      return;
  }
}

void Core::arrived(const Message& message, Step& step) {
  const LinkChange change = link_->heard(message, step.now, step.out);
  if (change != LinkChange::none) return follow(change, step);
  // An Opened or a JobChanged does not count: a broker might fall each time at what comes after it.
  if (std::holds_alternative<ChunkStored>(message) || std::holds_alternative<Answer>(message)) link_->worked();
  std::visit(overload{[](Nothing&) {}, [&](auto& call) { call.on(message, step); }}, call_);
}

void Core::time_passed(Step& step) {
  follow(link_->time_passed(step.now, step.out), step);
  if (!step.out.empty() && std::holds_alternative<Finish>(step.out.back())) return;
  std::visit(overload{[](Nothing&) {}, [&](auto& call) { call.time_passed(step); }}, call_);
}

Instant Core::next_deadline() const {
  if (link_ == nullptr) return kNever;
  const Instant call = std::visit(
      overload{[](const Nothing&) { return kNever; }, [](const auto& active) { return active.next_deadline(); }},
      call_);
  return std::min(call, link_->next_deadline());
}

void Core::check_invariants() const {
  if (link_ == nullptr) return;
  link_->check_invariants();
  std::visit(overload{[](const Nothing&) {}, [](const auto& active) { active.check_invariants(); }}, call_);
}

}  // namespace brigade::client
