// The client's core with a clock, and what is expected of it. For the tests of its calls.
#pragma once

#include <gtest/gtest.h>

#include <chrono>
#include <string>
#include <utility>
#include <vector>

#include "client/core/core.h"

namespace brigade::client {

using std::chrono::milliseconds;
using std::chrono::seconds;

inline constexpr JobId kJob{1, 2};
inline constexpr std::uint64_t kCredit = 100;

/// What is expected.
template <class... Each>
Commands list(Each... each) {
  Commands commands;
  (commands.push_back(std::move(each)), ...);
  return commands;
}

/// The core with a clock; every step is checked.
struct Client {
  explicit Client(Start start = {.seed = 7, .endpoint = "tcp://127.0.0.1:5757", .version = "0.1.0", .pid = 9}) {
    EXPECT_EQ(on(std::move(start)), list());
  }

  Commands on(const Event& event) {
    Commands out;
    core.on(event, now, out);
    core.check_invariants();
    return out;
  }
  Commands hear(Message message) { return on(Arrived{std::move(message)}); }
  Commands pass(Duration time) {
    now += time;
    return on(TimePassed{});
  }
  /// Goes to the next deadline.
  Commands expire() {
    now = core.next_deadline();
    return on(TimePassed{});
  }
  Commands welcome() { return hear(Welcome{.epoch = 1, .version = "0.1.0", .upload_credit_bytes = kCredit}); }
  void connect() {
    on(ConnectCalled{});
    EXPECT_EQ(welcome(), list(Finish{Connected{}}));
  }
  /// The socket breaks, the wait passes, the new Hello is answered. Returns what the call says then.
  Commands reconnect() {
    EXPECT_EQ(on(SendFailed{}), list(Disconnect{}));
    EXPECT_EQ(expire(), (list(Connect{}, hello())));
    return welcome();
  }
  static Command hello() { return Send{ClientHello{.version = "0.1.0", .pid = 9}}; }

  Core core;
  Instant now{seconds(1000)};
};

inline Start seeded(std::uint64_t seed) {
  Start start;
  start.seed = seed;
  return start;
}

inline Answer answer_to(std::uint64_t request, std::vector<std::string> reasons = {}, bool last = true) {
  Answer answer;
  answer.request = RequestId{request};
  answer.last = last;
  answer.reasons = std::move(reasons);
  return answer;
}

inline Answer refusal_of(std::uint64_t request, Error error) {
  Answer answer = answer_to(request);
  answer.error = std::move(error);
  return answer;
}

inline JobSummary summary_in(JobState state) {
  JobSummary summary;
  summary.id = kJob;
  summary.state = state;
  return summary;
}

inline const Error* error_of(const Commands& commands) {
  if (commands.empty()) return nullptr;
  const auto* finish = std::get_if<Finish>(&commands.back());
  return finish == nullptr ? nullptr : std::get_if<Error>(&finish->result);
}

inline Commands failed(ErrorCode code, std::string message) {
  return {Finish{Error{code, std::move(message)}}};
}

}  // namespace brigade::client
