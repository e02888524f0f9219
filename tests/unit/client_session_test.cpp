// The session connects, asks and waits.
#include "tests/unit/scripted_broker.h"

namespace brigade::client {
namespace {

TEST(Session, NamesTheEndpointWhenNobodyIsThere) {
  const TemporaryFolder folder;
  ConnectOptions options = options_for(folder);
  options.timeout = milliseconds(100);
  const auto session = Session::connect(options);
  ASSERT_FALSE(session);
  EXPECT_EQ(session.error(),
            (Error{ErrorCode::unavailable, "no broker answers at " + options.endpoint +
                                               " (waited 0.1 s); start one with `brigade up` or give --broker"}));
}

TEST(Session, NamesTheEndpointWhenABrokerNeverAnswers) {
  const TemporaryFolder folder;
  const auto mute = net::Router::bind({folder.endpoint()});
  ASSERT_TRUE(mute);
  ConnectOptions options = options_for(folder);
  options.timeout = milliseconds(300);
  options.silence = milliseconds(100);  // more than one try
  const auto session = Session::connect(options);
  ASSERT_FALSE(session);
  EXPECT_EQ(session.error().code, ErrorCode::unavailable);
  EXPECT_NE(session.error().message.find(options.endpoint), std::string::npos);
}

TEST(Session, RefusesWhatIsNoEndpoint) {
  ConnectOptions options;
  options.endpoint = "somewhere";
  const auto session = Session::connect(options);
  ASSERT_FALSE(session);
  EXPECT_EQ(session.error().code, ErrorCode::invalid);
}

// ---- Asking ------------------------------------------------------------------------------------------------------

TEST(Session, JoinsTheAnswersParts) {
  const TemporaryFolder folder;
  ScriptedBroker broker(folder.endpoint(), [](const Message& message) {
    const auto& ask = std::get<Ask>(message);
    Answer first, second;
    first.request = second.request = ask.request;
    first.last = false;
    first.reasons = {"one"};
    second.reasons = {"two"};
    Reply reply = say(first);
    reply.messages.push_back(second);
    return reply;
  });
  auto session = connected(options_for(folder));
  const auto answer = session->ask(Verb::why, "last");
  ASSERT_TRUE(answer);
  EXPECT_EQ(answer->reasons, (std::vector<std::string>{"one", "two"}));
}

TEST(Session, ReturnsTheBrokersRefusalAndStaysUsable) {
  const TemporaryFolder folder;
  const Error unknown{ErrorCode::not_found, "no such job"};
  ScriptedBroker broker(folder.endpoint(), [&](const Message& message) {
    const auto& ask = std::get<Ask>(message);
    Answer answer;
    answer.request = ask.request;
    if (ask.verb == Verb::show_job) answer.error = unknown;
    return say(answer);
  });
  auto session = connected(options_for(folder));
  const auto answer = session->ask(Verb::show_job, "x");
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error(), unknown);
  EXPECT_TRUE(session->ask(Verb::status, ""));
}

TEST(Session, AsksAgainWhenTheBrokerWasReplacedBetweenCalls) {
  const TemporaryFolder folder;
  int asked = 0;
  ScriptedBroker broker(folder.endpoint(), [&](const Message& message) {
    if (++asked == 1) return vanish();
    Answer answer;
    answer.request = std::get<Ask>(message).request;
    return say(answer);
  });
  auto session = connected(impatient(folder));
  EXPECT_TRUE(session->ask(Verb::status, ""));
  EXPECT_TRUE(session->ask(Verb::status, ""));
  broker.stop();
  EXPECT_GE(asked, 3);
}

TEST(Session, GivesUpABrokerThatSendsNonsense) {
  const TemporaryFolder folder;
  ScriptedBroker broker(folder.endpoint(), [](const Message&) { return garbage(); });
  auto session = connected(options_for(folder));
  const auto answer = session->ask(Verb::status, "");
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().code, ErrorCode::malformed);
}

TEST(Session, WaitsForTheEndThroughABrokerThatVanishes) {
  const TemporaryFolder folder;
  int watches = 0;
  ScriptedBroker broker(folder.endpoint(), [&](const Message&) {
    if (++watches == 1) return vanish();
    JobSummary summary;
    summary.id = kJob;
    summary.state = JobState::running;
    Reply reply = say(JobChanged{summary});
    summary.state = JobState::done;
    reply.messages.push_back(JobChanged{summary});
    return reply;
  });
  auto session = connected(impatient(folder));
  std::vector<JobState> states;
  const auto done = session->wait(kJob, {}, [&](const JobSummary& job) { states.push_back(job.state); });
  ASSERT_TRUE(done);
  EXPECT_EQ(done->state, JobState::done);
  EXPECT_EQ(states, (std::vector<JobState>{JobState::running, JobState::done}));
}

TEST(Session, LeavesTheSessionUsableWhenAWaitIsOver) {
  const TemporaryFolder folder;
  ScriptedBroker broker(folder.endpoint(), [](const Message& message) {
    if (const auto* ask = std::get_if<Ask>(&message)) {
      Answer answer;
      answer.request = ask->request;
      return say(answer);
    }
    JobSummary summary;
    summary.id = kJob;
    return say(JobChanged{summary});
  });
  auto session = connected(options_for(folder));
  const auto waited = session->wait(kJob, milliseconds(30), nullptr);
  ASSERT_FALSE(waited);
  EXPECT_EQ(waited.error().code, ErrorCode::unavailable);
  EXPECT_TRUE(session->ask(Verb::cancel, to_string(kJob)));
}

}  // namespace
}  // namespace brigade::client
