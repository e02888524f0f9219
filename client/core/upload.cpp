#include "client/core/upload.h"

#include <algorithm>
#include <utility>

#include "client/core/reader.h"

namespace brigade::client {

namespace {

Duration commit_limit(const Step& step) {
  return std::max(step.start.timeout, kCommitLimit);
}

}  // namespace

void Upload::resume(std::uint64_t credit, Step& step) {
  if (spec_.range) return open_range(step);
  const RequestId request = step.next_request();
  phase_ = Opening{request, credit, step.answer_due()};
  step.send(Open{request, spec_});
}

/// The Open of a range is its seal, too.
void Upload::open_range(Step& step) {
  const RequestId request = step.next_request();
  phase_ = Sealing{step.now + commit_limit(step), request, std::exchange(sealed_by_us_, true)};
  step.send(Open{request, spec_, end_->hash, read_request(step)});
}

std::optional<Read> Upload::read_request(Step& step) {
  if (!read_next_) return std::nullopt;
  reader_ = step.next_request();
  return Reader(*read_next_).request(reader_);
}

std::optional<Upload::Begun> Upload::read_begun() const {
  if (!read_next_) return std::nullopt;
  Begun begun{*read_next_, reader_};
  begun.call.job = job_;
  return begun;
}

void Upload::on(const Message& message, Step& step) {
  if (const auto* answer = std::get_if<Opened>(&message)) return opened(*answer, step);
  if (const auto* answer = std::get_if<ChunkStored>(&message)) return stored(*answer, step);
  if (const auto* answer = std::get_if<Sealed>(&message)) return sealed(*answer, step);
  const auto* rejected = std::get_if<SubmitRejected>(&message);
  if (rejected == nullptr || std::holds_alternative<Away>(phase_)) return;
  const RequestId request = open_request();
  if (request ? rejected->request == request : rejected->job == job_) step.finish(rejected->error);
}

RequestId Upload::open_request() const {
  if (const auto* opening = std::get_if<Opening>(&phase_)) return opening->request;
  if (const auto* sealing = std::get_if<Sealing>(&phase_)) return sealing->request;
  return {};
}

void Upload::sealed(const Sealed& answer, Step& step) {
  const auto* sealing = std::get_if<Sealing>(&phase_);
  if (sealing == nullptr || answer.request != sealing->request) return;
  if (!sealing->request && answer.job != job_) return;
  if (sealing->request) {
    job_ = answer.job;
    existed_ = answer.existed && !sealing->again;
  }
  step.finish(Accepted{job_, answer.warning, existed_});
}

void Upload::opened(const Opened& answer, Step& step) {
  const auto* opening = std::get_if<Opening>(&phase_);
  if (opening == nullptr || answer.request != opening->request) return;
  if (!answer.sealed && answer.next_chunk < first_kept()) {
    step.finish(Error{ErrorCode::unavailable, "the broker at " + step.start.endpoint +
                                                  " was restarted and has lost this upload (without --state it keeps "
                                                  "nothing); submit it again"});
    return;
  }
  job_ = answer.job;
  existed_ = answer.sealed && !sealed_by_us_;
  // What the broker has received it may not have committed: only ChunkStored, or a sealed job, lets go of chunks.
  if (answer.sealed) drop_before(pulled_, step);
  const std::uint64_t settled = answer.sealed ? kAll : answer.next_chunk;
  phase_ = Sending{opening->credit, settled, settled, step.now + commit_limit(step)};
  proceed(step);
}

void Upload::stored(const ChunkStored& answer, Step& step) {
  auto* sending = std::get_if<Sending>(&phase_);
  if (sending == nullptr || answer.job != job_ || answer.sequence >= std::min(sending->next, pulled_)) return;
  // Chunks are committed in order: this one and all before it.
  sending->settled = std::max(sending->settled, answer.sequence + 1);
  sending->due = step.now + commit_limit(step);
  drop_before(answer.sequence + 1, step);
  proceed(step);
}

void Upload::drop_before(std::uint64_t sequence, Step& step) {
  if (sequence <= first_kept()) return;
  while (first_kept() < sequence) {
    dropped_weight_ = kept_.front();
    kept_.pop_front();
  }
  step.out.push_back(DropChunks{sequence});
}

void Upload::chunk_pulled(const ChunkPulled& chunk, Step& step) {
  require(pulling_);
  pulling_ = false;
  kept_.push_back(weight_before(pulled_) + chunk.weight);
  ++pulled_;
  const auto* sending = std::get_if<Sending>(&phase_);
  if (sending != nullptr && pulled_ <= sending->settled) drop_before(pulled_, step);
  proceed(step);
}

void Upload::source_ended(const SourceEnded& end, Step& step) {
  require(pulling_);
  pulling_ = false;
  end_ = end;
  proceed(step);
}

std::uint64_t Upload::weight_before(std::uint64_t sequence) const {
  return sequence == first_kept() ? dropped_weight_ : kept_[sequence - first_kept() - 1];
}

std::uint64_t Upload::in_flight(const Sending& sending) const {
  return sending.settled >= sending.next ? 0 : weight_before(sending.next) - weight_before(sending.settled);
}

void Upload::proceed(Step& step) {
  auto* sending = std::get_if<Sending>(&phase_);
  if (sending == nullptr) return;
  while (sending->next < pulled_) {
    const std::uint64_t unanswered = in_flight(*sending);
    if (unanswered > 0 && unanswered + weight_at(sending->next) > sending->credit) return;
    if (unanswered == 0) sending->due = step.now + commit_limit(step);
    step.out.push_back(SendChunk{job_, sending->next++});
  }
  if (end_) {
    if (sending->settled < pulled_) return;
    sealed_by_us_ = true;
    phase_ = Sealing{step.now + commit_limit(step)};
    return step.send(Seal{job_, end_->tasks, end_->hash, read_request(step)});
  }
  const std::uint64_t unanswered = in_flight(*sending);
  if (pulling_ || (unanswered > 0 && unanswered >= sending->credit)) return;
  pulling_ = true;
  step.out.push_back(PullChunk{pulled_});
}

void Upload::time_passed(Step& step) {
  if (step.now < next_deadline()) return;
  if (std::holds_alternative<Opening>(phase_)) {
    return step.finish(overdue(step.start, "its answer to the submit", step.start.timeout));
  }
  step.finish(overdue(step.start, "the word that the tasks are stored", commit_limit(step)));
}

Instant Upload::next_deadline() const {
  return std::visit(overload{[](const Away&) { return kNever; },  //
                             [](const Opening& opening) { return opening.due; },
                             [this](const Sending& sending) { return in_flight(sending) > 0 ? sending.due : kNever; },
                             [](const Sealing& sealing) { return sealing.due; }},
                    phase_);
}

void Upload::check_invariants() const {
  require(!spec_.key.empty());
  require(kept_.size() <= pulled_);
  require(std::is_sorted(kept_.begin(), kept_.end()));
  require(!(pulling_ && end_));
  if (std::holds_alternative<Sealing>(phase_)) require(end_.has_value());
  if (const auto* sending = std::get_if<Sending>(&phase_); sending != nullptr && sending->settled < sending->next) {
    require(first_kept() <= sending->settled && sending->next <= pulled_);
    require(in_flight(*sending) <= std::max(sending->credit, weight_at(sending->settled)));
  }
}

}  // namespace brigade::client
