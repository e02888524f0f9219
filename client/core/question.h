// One question to the broker; its answer may come in parts.
#pragma once

#include "client/core/step.h"

namespace brigade::client {

/// Asked again after a reconnect, unless it may have been carried out and could mean another job now.
class Question {
 public:
  explicit Question(AskCalled call) : call_(std::move(call)) {}

  void resume(Step& step);
  void lost() { due_ = kNever; }
  void stop(Step&) {}
  void on(const Message& message, Step& step);
  void time_passed(Step& step);
  Instant next_deadline() const { return due_; }
  void check_invariants() const { require(due_ == kNever || asked_); }

 private:
  bool can_repeat() const;

  AskCalled call_;
  bool asked_ = false;  ///< on this or an earlier connection
  bool again_ = false;  ///< on more than one
  RequestId request_;
  Answer answer_;  ///< the parts so far
  Instant due_ = kNever;
};

}  // namespace brigade::client
