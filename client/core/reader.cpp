#include "client/core/reader.h"

#include <algorithm>

namespace brigade::client {

Read Reader::request(RequestId number) const {
  // What the sink has in hand counts as taken: it is told of a loss only afterwards.
  const Position position = delivery_ ? delivery_->next : position_;
  return {.reader = number,
          .job = call_.job,
          .order = call_.order,
          .from = position.cursor,
          .failed_only = call_.failed_only,
          .with_arguments = call_.with_arguments,
          .credit_bytes = kReadCreditBytes,
          .follow = call_.follow,
          .offset = position.offset};
}

void Reader::begun(RequestId number, Step& step) {
  reader_ = number;
  owed_ = 0;
  due_ = step.answer_due();
  if (call_.progress) step.send(Watch{call_.job});
}

void Reader::resume(Step& step) {
  const RequestId number = step.next_request();
  step.send(request(number));
  begun(number, step);
}

void Reader::stop(Step& step) {
  if (reader_) step.send(StopReading{reader_});
}

void Reader::on(const Message& message, Step& step) {
  if (const auto* changed = std::get_if<JobChanged>(&message)) {
    if (call_.progress && changed->job.id == call_.job) step.out.push_back(Report{changed->job});
    return;
  }
  if (const auto* rejected = std::get_if<ReadRejected>(&message)) {
    const bool watch = !rejected->reader && call_.progress;
    if (rejected->job == call_.job && reader_ && (rejected->reader == reader_ || watch)) step.finish(rejected->error);
    return;
  }
  const auto* ended = std::get_if<ReadEnded>(&message);
  if (ended == nullptr || !reader_ || ended->reader != reader_) return;
  step.finish(ReadDone{std::max(position_.cursor, ended->next)});
}

void Reader::results_arrived(const ResultsArrived& results, Step& step) {
  if (!reader_ || results.reader != reader_) return;
  const Position next{results.next, results.offset};
  if (next <= position_ && results.ended) return step.finish(ReadDone{position_.cursor});
  if (next <= position_) return take(results.weight, step);  // seen already, but it has used up credit
  require(!delivery_);
  delivery_ = Delivery{results.reader, next, results.weight, results.ended};
  step.out.push_back(Deliver{});
}

void Reader::results_taken(Step& step) {
  require(delivery_.has_value());
  const Delivery taken = *delivery_;
  delivery_.reset();
  position_ = taken.next;
  if (taken.ended) return step.finish(ReadDone{position_.cursor});
  // A reader of a connection that was lost meanwhile has no credit to be given back.
  if (taken.reader == reader_) take(taken.weight, step);
}

void Reader::take(std::uint64_t weight, Step& step) {
  due_ = step.answer_due();
  owed_ += weight;
  if (owed_ < kReadCreditBytes / 4)
    return;  // the broker has three quarters left: no message for each handful of results
  step.send(Take{reader_, owed_});
  owed_ = 0;
}

void Reader::time_passed(Step& step) {
  if (step.now < next_deadline()) return;
  stop(step);
  step.finish(overdue(step.start, "the next results", step.start.timeout));
}

Instant Reader::next_deadline() const {
  // A job that runs may have nothing to show for hours; what is there already comes soon.
  const bool expected = !call_.follow && reader_ && !delivery_;
  return expected ? due_ : kNever;
}

void Reader::check_invariants() const {
  require(owed_ < kReadCreditBytes / 4);
  require(position_.cursor >= call_.from);
  if (delivery_) require(delivery_->next > position_);
}

}  // namespace brigade::client
