// One wait for the end of a job.
#pragma once

#include "client/core/step.h"

namespace brigade::client {

class Watcher {
 public:
  Watcher(const WaitCalled& call, Instant now)
      : call_(call), limit_(call.limit > Duration{} ? now + call.limit : kNever) {}

  void resume(Step& step);
  void lost() { due_ = kNever; }
  void stop(Step&) {}
  void on(const Message& message, Step& step);
  void time_passed(Step& step);
  Instant next_deadline() const;
  void check_invariants() const { require(static_cast<bool>(call_.job)); }

 private:
  WaitCalled call_;
  Instant limit_;         ///< of the whole call, losses of the connection included
  Instant due_ = kNever;  ///< of the first word after a Watch
};

}  // namespace brigade::client
