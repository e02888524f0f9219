#include "client/core/question.h"

#include <iterator>

namespace brigade::client {

namespace {

template <class T>
void append(std::vector<T>& to, const std::vector<T>& from) {
  to.insert(to.end(), from.begin(), from.end());
}

}  // namespace

bool Question::can_repeat() const {
  // `last`, a name or a prefix may mean another job the second time; an id cannot.
  const bool destroys = call_.verb == Verb::cancel || call_.verb == Verb::forget;
  return !destroys || parse_job_id(call_.subject).has_value();
}

void Question::resume(Step& step) {
  if (asked_ && !can_repeat()) {
    return step.finish(Error{ErrorCode::unavailable, "the broker at " + step.start.endpoint +
                                                         " was lost before it answered, so it may have acted on '" +
                                                         call_.subject + "' or not; see `brigade jobs`"});
  }
  again_ = asked_;
  asked_ = true;
  request_ = step.next_request();
  answer_ = {};
  due_ = step.answer_due();
  step.send(Ask{request_, call_.verb, call_.subject});
}

void Question::on(const Message& message, Step& step) {
  const auto* part = std::get_if<Answer>(&message);
  if (part == nullptr || part->request != request_ || due_ == kNever) return;
  due_ = step.answer_due();
  if (part->error) {
    // Forgotten by the question whose answer was lost: the user has what was wanted.
    const bool gone = again_ && call_.verb == Verb::forget && part->error->code == ErrorCode::not_found;
    return gone ? step.finish(Answer{}) : step.finish(*part->error);
  }
  append(answer_.jobs, part->jobs);
  append(answer_.specs, part->specs);
  append(answer_.workers, part->workers);
  append(answer_.reasons, part->reasons);
  if (part->status) answer_.status = part->status;
  if (part->last) step.finish(std::move(answer_));
}

void Question::time_passed(Step& step) {
  if (step.now >= due_) step.finish(overdue(step.start, "its answer", step.start.timeout));
}

}  // namespace brigade::client
