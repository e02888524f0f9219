#include "tests/unit/client_core.h"

namespace brigade::client {
namespace {

TEST(ClientLink, SaysHelloAndIsConnectedAtTheWelcome) {
  Client client;
  EXPECT_EQ(client.on(ConnectCalled{}), (list(Connect{}, Client::hello())));
  EXPECT_EQ(client.welcome(), list(Finish{Connected{}}));
  EXPECT_EQ(client.on(ConnectCalled{}), list(Finish{Connected{}}));
}

TEST(ClientLink, AnswersPingWithPong) {
  Client client;
  EXPECT_EQ(client.hear(Ping{}), list());
  client.connect();
  EXPECT_EQ(client.hear(Ping{}), list(Send{Pong{}}));
}

TEST(ClientLink, NamesTheEndpointAndTheNextStepWhenNobodyAnswers) {
  Client client;
  client.on(ConnectCalled{});
  EXPECT_EQ(client.expire(), list(Disconnect{}));  // 3.5 s
  EXPECT_EQ(client.expire(), (list(Connect{}, Client::hello())));
  EXPECT_EQ(client.core.next_deadline(), Instant{seconds(1005)});
  const Commands last = client.expire();
  EXPECT_EQ(last, (list(Disconnect{}, Finish{Error{ErrorCode::unavailable,
                                                   "no broker answers at tcp://127.0.0.1:5757 (waited 5 s); start "
                                                   "one with `brigade up` or give --broker"}})));
  EXPECT_EQ(client.core.next_deadline(), kNever);
  EXPECT_EQ(client.on(ConnectCalled{}), (list(Connect{}, Client::hello())));  // the next call tries again
}

TEST(ClientLink, LeavesASilentBrokerAfterItsLastFrame) {
  Client client;
  client.connect();
  EXPECT_EQ(client.pass(milliseconds(3499)), list());
  EXPECT_EQ(client.hear(JobChanged{}), list());
  EXPECT_EQ(client.pass(milliseconds(3499)), list());
  EXPECT_EQ(client.pass(milliseconds(1)), list(Disconnect{}));
}

TEST(ClientLink, WaitsLongerBetweenTriesUpToABound) {
  Start start = seeded(3);
  start.timeout = std::chrono::hours(1);
  Client client(start);
  client.on(ConnectCalled{});
  Duration most = kBackoffFirst;
  for (int i = 0; i < 12; ++i) {
    EXPECT_EQ(client.on(SendFailed{}), list(Disconnect{}));
    const Duration wait = client.core.next_deadline() - client.now;
    EXPECT_GE(wait, most / 2);
    EXPECT_LE(wait, most);
    EXPECT_EQ(client.expire().size(), 2U);
    most = std::min(most * 2, kBackoffMax);
  }
}

TEST(ClientLink, SpreadsClientsByTheirSeeds) {
  const auto first_wait = [](std::uint64_t seed) {
    Client client(seeded(seed));
    client.on(ConnectCalled{});
    client.on(SendFailed{});
    return client.core.next_deadline();
  };
  EXPECT_EQ(first_wait(1), first_wait(1));
  EXPECT_NE(first_wait(1), first_wait(2));
}

TEST(ClientLink, TellsBothVersionsWhenRefusedAtTheHello) {
  Client client;
  client.on(ConnectCalled{});
  const Commands out = client.hear(Refused{{ErrorCode::conflict, "the broker (brigade 9.0.0) speaks protocol 4"}});
  EXPECT_EQ(out, (list(Disconnect{}, Finish{Error{ErrorCode::conflict,
                                                  "the broker at tcp://127.0.0.1:5757 refused this client (brigade "
                                                  "0.1.0, protocol 1): the broker (brigade 9.0.0) speaks protocol "
                                                  "4; upgrade the older of the two"}})));
}

TEST(ClientLink, GreetsAgainWhenTheBrokerForgotIt) {
  Client client;
  client.connect();
  EXPECT_EQ(client.hear(Refused{{ErrorCode::malformed, "no Hello"}}), list(Disconnect{}));
  EXPECT_EQ(client.expire(), (list(Connect{}, Client::hello())));
  EXPECT_EQ(client.welcome(), list());
}

TEST(ClientLink, EndsTheCallWhenRefusedAgainBeforeAnythingWorked) {
  Client client;
  client.connect();
  const Event refusal = Arrived{Refused{{ErrorCode::malformed, "bad Ask"}}};
  client.on(AskCalled{});
  client.on(refusal);
  client.expire();
  client.welcome();
  EXPECT_EQ(client.on(refusal), (list(Disconnect{}, Finish{Error{ErrorCode::malformed,
                                                                 "the broker at tcp://127.0.0.1:5757 ended the "
                                                                 "connection: bad Ask"}})));
}

TEST(ClientLink, ForgivesEachRefusalAfterSomethingWorked) {
  Client client;
  client.connect();
  for (int i = 0; i < 5; ++i) {
    client.on(AskCalled{});
    const Commands answered = client.hear(answer_to(static_cast<std::uint64_t>(i) + 1));
    EXPECT_TRUE(std::holds_alternative<Finish>(answered.back()));
    EXPECT_EQ(client.hear(Refused{}), list(Disconnect{}));
    EXPECT_EQ(client.expire(), (list(Connect{}, Client::hello())));
    EXPECT_EQ(client.welcome(), list());
  }
}

TEST(ClientLink, ForgivesNonsenseOnce) {
  Client client;
  client.connect();
  client.on(AskCalled{});
  EXPECT_EQ(client.on(MalformedArrived{{ErrorCode::malformed, "no envelope"}}), list(Disconnect{}));
  client.expire();
  client.welcome();
  const Commands out = client.on(MalformedArrived{{ErrorCode::malformed, "no envelope"}});
  ASSERT_NE(error_of(out), nullptr);
  EXPECT_EQ(error_of(out)->message,
            "the broker at tcp://127.0.0.1:5757 sent what this client cannot read (no envelope)");
}

TEST(ClientLink, EndsTheCallWhenNoSocketCanBeMade) {
  Client client;
  client.on(ConnectCalled{});
  EXPECT_EQ(client.on(ConnectFailed{{ErrorCode::invalid, "no endpoint"}}),
            (list(Disconnect{}, Finish{Error{ErrorCode::invalid, "no endpoint"}})));
}

TEST(ClientLink, GivesUpABrokerThatFallsWheneverItIsAsked) {
  Client client;
  client.connect();
  client.on(AskCalled{});
  std::optional<Error> end;
  int tries = 0;
  while (!end && tries < 1000) {
    ++tries;
    EXPECT_EQ(client.on(SendFailed{}), list(Disconnect{}));
    const Commands out = client.expire();
    if (const Error* error = error_of(out)) end = *error;
    if (!end) client.welcome();
  }
  ASSERT_TRUE(end);
  EXPECT_EQ(end->code, ErrorCode::unavailable);
  EXPECT_EQ(end->message,
            "the broker at tcp://127.0.0.1:5757 was lost and does not answer (waited 5 s); when it is back, `brigade "
            "jobs` shows what it has");
  EXPECT_LT(tries, 15);
}

TEST(ClientLink, GivesALostBrokerTheWholeTimeAgain) {
  Client client;
  client.connect();
  client.pass(seconds(3));
  client.on(AskCalled{});
  const Instant lost = client.now;
  client.on(SendFailed{});
  Commands out;
  while (error_of(out) == nullptr) out = client.expire();
  EXPECT_EQ(client.now, lost + seconds(5));
}

TEST(ClientLink, CanBeInterruptedWhileConnectingAndGoesOn) {
  Client client;
  client.on(ConnectCalled{});
  EXPECT_EQ(client.on(Interrupted{}), failed(ErrorCode::cancelled, "interrupted"));
  client.now += seconds(4);
  EXPECT_EQ(client.on(ConnectCalled{}), list());  // the Hello is under way; the time begins again
  EXPECT_EQ(client.on(TimePassed{}), list(Disconnect{}));
  EXPECT_EQ(client.expire(), (list(Connect{}, Client::hello())));
  EXPECT_EQ(client.welcome(), list(Finish{Connected{}}));
  EXPECT_EQ(client.on(Interrupted{}), list());
}

}  // namespace
}  // namespace brigade::client
