// What the machine of a call works with during one event.
#pragma once

#include <string>

#include "client/core/events.h"

namespace brigade::client {

struct Step {
  const Start& start;
  Instant now;
  std::uint64_t& last_request;  ///< numbers of requests and readers; never used twice, so that late answers are known
  Commands& out;

  void send(Message message) { out.push_back(Send{std::move(message)}); }
  void finish(CallResult result) { out.push_back(Finish{std::move(result)}); }
  RequestId next_request() { return RequestId{++last_request}; }
  /// When an answer to what is sent now is overdue.
  Instant answer_due() const { return now + start.timeout; }
};

/// "5 s", "0.25 s".
std::string seconds_text(Duration duration);
/// The broker lives, but `what` (a noun phrase) has not come within `limit`.
Error overdue(const Start& start, const std::string& what, Duration limit);

}  // namespace brigade::client
