#include "client/core/watcher.h"

#include <algorithm>

namespace brigade::client {

void Watcher::resume(Step& step) {
  due_ = step.answer_due();
  step.send(Watch{call_.job});
}

void Watcher::on(const Message& message, Step& step) {
  if (const auto* rejected = std::get_if<ReadRejected>(&message)) {
    if (!rejected->reader && rejected->job == call_.job) step.finish(rejected->error);
    return;
  }
  const auto* changed = std::get_if<JobChanged>(&message);
  if (changed == nullptr || changed->job.id != call_.job) return;
  due_ = kNever;
  step.out.push_back(Report{changed->job});
  const bool final = changed->job.state == JobState::done || changed->job.state == JobState::cancelled;
  if (final) step.finish(WaitDone{changed->job});
}

void Watcher::time_passed(Step& step) {
  if (step.now >= limit_) {
    return step.finish(Error{ErrorCode::unavailable, "job " + to_string(call_.job) + " has not ended within " +
                                                         seconds_text(call_.limit) + "; it goes on: see `brigade why " +
                                                         to_string(call_.job) + "`"});
  }
  if (step.now >= due_)
    step.finish(overdue(step.start, "the state of job " + to_string(call_.job), step.start.timeout));
}

Instant Watcher::next_deadline() const {
  return std::min(limit_, due_);
}

}  // namespace brigade::client
