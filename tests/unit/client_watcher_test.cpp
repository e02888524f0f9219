#include "tests/unit/client_core.h"

namespace brigade::client {
namespace {

TEST(ClientWatcher, EndsWithTheFinalState) {
  for (const JobState final : {JobState::done, JobState::cancelled}) {
    Client client;
    client.connect();
    EXPECT_EQ(client.on(WaitCalled{kJob, {}}), list(Send{Watch{kJob}}));
    EXPECT_EQ(client.hear(JobChanged{summary_in(JobState::running)}), list(Report{summary_in(JobState::running)}));
    EXPECT_EQ(client.reconnect(), list(Send{Watch{kJob}}));
    EXPECT_EQ(client.hear(JobChanged{summary_in(final)}),
              (list(Report{summary_in(final)}, Finish{WaitDone{summary_in(final)}})));
  }
}

TEST(ClientWatcher, EndsAtItsLimitConnectedOrNot) {
  for (const bool connected : {true, false}) {
    Client client;
    client.connect();
    client.on(WaitCalled{kJob, seconds(2)});
    client.hear(JobChanged{summary_in(JobState::queued)});
    client.pass(milliseconds(1900));
    if (!connected) client.on(SendFailed{});
    client.now += milliseconds(100);
    const Commands out = client.on(TimePassed{});
    ASSERT_NE(error_of(out), nullptr);
    EXPECT_EQ(
        error_of(out)->message,
        "job " + to_string(kJob) + " has not ended within 2 s; it goes on: see `brigade why " + to_string(kJob) + "`");
  }
}

TEST(ClientWatcher, EndsWhenTheJobIsNotThereOrTheBrokerSaysNothing) {
  const Error gone{ErrorCode::not_found, "no such job"};
  Client client;
  client.connect();
  client.on(WaitCalled{kJob, {}});
  EXPECT_EQ(client.hear(ReadRejected{{}, JobId{8, 8}, gone}), list());
  EXPECT_EQ(client.hear(ReadRejected{{}, kJob, gone}), list(Finish{gone}));
  client.on(WaitCalled{kJob, {}});
  for (int i = 0; i < 4; ++i) EXPECT_EQ((client.hear(Ping{}), client.pass(seconds(1))), list());
  client.hear(Ping{});
  EXPECT_NE(error_of(client.pass(seconds(1))), nullptr);
}

TEST(ClientWatcher, WaitsWithoutEndOnceTheBrokerHasAnswered) {
  Client client;
  client.connect();
  client.on(WaitCalled{kJob, {}});
  client.hear(JobChanged{summary_in(JobState::running)});
  for (int i = 0; i < 100; ++i) EXPECT_EQ((client.hear(Ping{}), client.pass(seconds(3))), list());
}

}  // namespace
}  // namespace brigade::client
