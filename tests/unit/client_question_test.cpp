#include "tests/unit/client_core.h"

namespace brigade::client {
namespace {

TEST(ClientQuestion, JoinsTheParts) {
  Client client;
  client.connect();
  EXPECT_EQ(client.on(AskCalled{Verb::list_jobs, ""}), (list(Send{Ask{RequestId{1}, Verb::list_jobs, ""}})));
  Answer first = answer_to(1, {"a"}, false);
  first.jobs = {summary_in(JobState::done)};
  Answer second = answer_to(1, {"b"});
  second.jobs = {summary_in(JobState::queued)};
  EXPECT_EQ(client.hear(first), list());
  EXPECT_EQ(client.hear(answer_to(9, {"of another question"})), list());
  Answer joined = answer_to(0, {"a", "b"});
  joined.jobs = {summary_in(JobState::done), summary_in(JobState::queued)};
  EXPECT_EQ(client.hear(second), list(Finish{joined}));
}

TEST(ClientQuestion, IsAskedAgainAndForgetsTheFirstParts) {
  Client client;
  client.connect();
  client.on(AskCalled{Verb::list_workers, ""});
  client.hear(answer_to(1, {"a"}, false));
  EXPECT_EQ(client.reconnect(), (list(Send{Ask{RequestId{2}, Verb::list_workers, ""}})));
  EXPECT_EQ(client.hear(answer_to(1, {"b"})), list());
  EXPECT_EQ(client.hear(answer_to(2, {"c"})), (list(Finish{answer_to(0, {"c"})})));
}

TEST(ClientQuestion, DoesNotCancelOrForgetTwiceByAName) {
  for (const Verb verb : {Verb::cancel, Verb::forget}) {
    Client client;
    client.connect();
    client.on(AskCalled{verb, to_string(kJob)});
    EXPECT_EQ(client.reconnect(), (list(Send{Ask{RequestId{2}, verb, to_string(kJob)}})));
    client.on(Interrupted{});
    client.on(AskCalled{verb, "last"});
    EXPECT_EQ(client.reconnect(), failed(ErrorCode::unavailable,
                                         "the broker at tcp://127.0.0.1:5757 was lost before it answered, so it may "
                                         "have acted on 'last' or not; see `brigade jobs`"));
  }
}

TEST(ClientQuestion, TakesAJobThatIsGoneForForgottenWhenItAskedTwice) {
  const Error gone{ErrorCode::not_found, "no such job"};
  Client client;
  client.connect();
  client.on(AskCalled{Verb::forget, to_string(kJob)});
  EXPECT_EQ(client.hear(refusal_of(1, gone)), list(Finish{gone}));
  client.on(AskCalled{Verb::forget, to_string(kJob)});
  client.reconnect();
  EXPECT_EQ(client.hear(refusal_of(3, gone)), list(Finish{Answer{}}));
}

TEST(ClientQuestion, DoesNotWaitForEver) {
  Client client;
  client.connect();
  client.on(AskCalled{});
  for (int i = 0; i < 4; ++i) EXPECT_EQ((client.hear(Ping{}), client.pass(seconds(1))), list());
  client.hear(Ping{});
  EXPECT_EQ(client.pass(seconds(1)), failed(ErrorCode::unavailable,
                                            "the broker at tcp://127.0.0.1:5757 is there, but its answer did not come "
                                            "within 5 s; see `brigade status`, or try again"));
}

}  // namespace
}  // namespace brigade::client
