#include <functional>

#include "tests/unit/client_core.h"

namespace brigade::client {
namespace {

Command read_from(std::uint64_t reader, std::uint64_t from, bool follow = true) {
  return Send{Read{.reader = RequestId{reader},
                   .job = kJob,
                   .order = Order::completion,
                   .from = from,
                   .credit_bytes = kReadCreditBytes,
                   .follow = follow}};
}
Event results(std::uint64_t reader, std::uint64_t next, std::uint64_t weight = 10) {
  return ResultsArrived{RequestId{reader}, next, weight};
}
Command take(std::uint64_t reader, std::uint64_t bytes) {
  return Send{Take{RequestId{reader}, bytes}};
}

struct Reading : Client {
  explicit Reading(bool follow = true, bool progress = false) {
    connect();
    Commands expected{read_from(1, 5, follow)};
    if (progress) expected.push_back(Send{Watch{kJob}});
    EXPECT_EQ(
        on(ReadCalled{.job = kJob, .order = Order::completion, .from = 5, .follow = follow, .progress = progress}),
        expected);
  }
};

TEST(ClientReader, DeliversUntilTheEnd) {
  Reading client;
  EXPECT_EQ(client.on(results(1, 8)), list(Deliver{}));
  EXPECT_EQ(client.on(ResultsTaken{}), list());
  EXPECT_EQ(client.hear(ReadEnded{RequestId{7}, 9}), list());
  EXPECT_EQ(client.hear(ReadEnded{RequestId{1}, 9}), list(Finish{ReadDone{9}}));
}

TEST(ClientReader, EndsWithTheLastResults) {
  Reading client;
  EXPECT_EQ(client.on(ResultsArrived{RequestId{1}, 8, 10, true}), list(Deliver{}));
  EXPECT_EQ(client.on(ResultsTaken{}), list(Finish{ReadDone{8}}));
  Reading again;
  again.on(results(1, 8));
  again.on(ResultsTaken{});
  EXPECT_EQ(again.on(ResultsArrived{RequestId{1}, 8, 10, true}), list(Finish{ReadDone{8}}));
}

TEST(ClientReader, GivesCreditBackInLargePieces) {
  Reading client;
  const std::uint64_t piece = kReadCreditBytes / 4;
  client.on(results(1, 6, piece - 1));
  EXPECT_EQ(client.on(ResultsTaken{}), list());
  client.on(results(1, 7, 2));
  EXPECT_EQ(client.on(ResultsTaken{}), list(take(1, piece + 1)));
  client.on(results(1, 8, 3));
  EXPECT_EQ(client.on(ResultsTaken{}), list());
  EXPECT_EQ(client.on(TimePassed{}), list());  // the broker has enough left
  client.on(results(1, 9, piece - 3));
  EXPECT_EQ(client.on(ResultsTaken{}), list(take(1, piece)));
}

TEST(ClientReader, DropsWhatItHasSeen) {
  Reading client;
  const std::uint64_t piece = kReadCreditBytes / 4;
  client.on(results(1, 8, piece - 10));
  client.on(ResultsTaken{});
  EXPECT_EQ(client.on(results(1, 8, 5)), list());
  EXPECT_EQ(client.on(results(1, 7, 5)), list(take(1, piece)));  // the copies have used up credit all the same
}

TEST(ClientReader, ReadsOnFromItsCursorAfterALoss) {
  Reading client;
  client.on(results(1, 8));
  client.on(ResultsTaken{});
  EXPECT_EQ(client.reconnect(), list(read_from(2, 8)));
  EXPECT_EQ(client.on(TimePassed{}), list());   // the new reader has its whole credit
  EXPECT_EQ(client.on(results(1, 9)), list());  // of the earlier reader
  EXPECT_EQ(client.hear(ReadEnded{RequestId{1}, 9}), list());
  EXPECT_EQ(client.on(results(2, 9)), list(Deliver{}));
  EXPECT_EQ(client.on(ResultsTaken{}), list());
  EXPECT_EQ(client.hear(ReadEnded{RequestId{2}, 9}), list(Finish{ReadDone{9}}));
}

TEST(ClientReader, CountsWhatTheSinkHasInHandAsTakenWhenTheConnectionIsLost) {
  Reading client;
  EXPECT_EQ(client.on(results(1, 8)), list(Deliver{}));
  EXPECT_EQ(client.reconnect(), list(read_from(2, 8)));
  EXPECT_EQ(client.on(ResultsTaken{}), list());
  EXPECT_EQ(client.on(TimePassed{}), list());  // no credit for a reader that is no more
}

TEST(ClientReader, StopsWithTheSinksError) {
  Reading client;
  client.on(results(1, 8));
  EXPECT_EQ(client.on(SinkFailed{{ErrorCode::storage, "full"}}),
            (list(Send{StopReading{RequestId{1}}}, Finish{Error{ErrorCode::storage, "full"}})));
  EXPECT_EQ(client.on(results(1, 9)), list());
}

TEST(ClientReader, StopsWhenInterruptedAndCanReadOn) {
  Reading client;
  client.on(results(1, 8));
  client.on(ResultsTaken{});
  EXPECT_EQ(client.on(Interrupted{}),
            (list(Send{StopReading{RequestId{1}}}, Finish{Error{ErrorCode::cancelled, "interrupted"}})));
  EXPECT_EQ(client.on(ReadCalled{.job = kJob, .order = Order::completion, .from = 8}), list(read_from(2, 8)));
  EXPECT_EQ(client.on(results(1, 9)), list());
}

TEST(ClientReader, HasNothingToStopWhileTheConnectionIsLost) {
  Reading client;
  client.on(SendFailed{});
  EXPECT_EQ(client.on(Interrupted{}), failed(ErrorCode::cancelled, "interrupted"));
}

TEST(ClientReader, EndsWhenTheJobIsNotThere) {
  const Error gone{ErrorCode::not_found, "no such job"};
  Reading client;
  EXPECT_EQ(client.hear(ReadRejected{RequestId{4}, kJob, gone}), list());
  EXPECT_EQ(client.hear(ReadRejected{RequestId{0}, kJob, gone}), list());
  client.reconnect();
  EXPECT_EQ(client.hear(ReadRejected{RequestId{2}, kJob, gone}), list(Finish{gone}));
  Reading watching(true, true);
  EXPECT_EQ(watching.hear(ReadRejected{RequestId{0}, kJob, gone}), list(Finish{gone}));
}

TEST(ClientReader, ReportsProgressWhereItIsWanted) {
  JobSummary summary;
  summary.id = kJob;
  summary.state = JobState::done;
  Reading quiet;
  EXPECT_EQ(quiet.hear(JobChanged{summary}), list());
  Reading client(true, true);
  EXPECT_EQ(client.hear(JobChanged{summary}), list(Report{summary}));
  EXPECT_EQ(client.hear(JobChanged{}), list());
  EXPECT_EQ(client.reconnect(), (list(read_from(2, 5), Send{Watch{kJob}})));
}

TEST(ClientReader, WaitsForResultsOfARunningJobButNotForThoseThatAreThere) {
  Reading following;
  Reading reading(false);
  for (int i = 0; i < 4; ++i) {
    EXPECT_EQ((following.hear(Ping{}), following.pass(seconds(1))), list());
    EXPECT_EQ((reading.hear(Ping{}), reading.pass(seconds(1))), list());
  }
  following.hear(Ping{});
  reading.hear(Ping{});
  EXPECT_EQ(following.pass(seconds(1)), list());
  EXPECT_EQ(reading.pass(seconds(1)),
            (list(Send{StopReading{RequestId{1}}},
                  Finish{Error{ErrorCode::unavailable,
                               "the broker at tcp://127.0.0.1:5757 is there, but the next results did not come "
                               "within 5 s; see `brigade status`, or try again"}})));
}

TEST(ClientReader, DeliversEachPositionOnceWhereverTheConnectionIsLost) {
  constexpr std::uint64_t kEndOfLog = 12;
  for (int loss = 0; loss < 16; ++loss) {
    SCOPED_TRACE(loss);
    Client client;
    client.connect();
    std::vector<std::uint64_t> seen;
    int steps = 0;
    std::uint64_t reader = 0;
    std::uint64_t at = 0;
    bool ended = false;
    const std::function<void(const Event&)> feed = [&](const Event& event) {
      for (const Command& command : client.on(event)) {
        if (const auto* send = std::get_if<Send>(&command)) {
          if (const auto* read = std::get_if<Read>(&send->message)) {
            reader = read->reader.value;
            at = read->from;
          }
        }
        if (std::holds_alternative<Deliver>(command)) {
          seen.push_back(at);
          if (steps++ == loss) feed(Arrived{Ping{}});  // what the sink does takes a while
        }
        ended = ended || std::holds_alternative<Finish>(command);
      }
    };
    feed(ReadCalled{.job = kJob, .order = Order::completion});
    while (!ended) {
      if (steps++ == loss) {
        client.on(SendFailed{});
        client.expire();
        feed(Arrived{Welcome{}});
        continue;
      }
      if (at == kEndOfLog) {
        feed(Arrived{ReadEnded{RequestId{reader}, at}});
        continue;
      }
      ++at;
      feed(results(reader, at));
      if (seen.empty() || seen.back() != at) continue;
      if (steps++ == loss) {
        const std::uint64_t before = at;
        client.on(SendFailed{});
        feed(ResultsTaken{});
        client.expire();
        feed(Arrived{Welcome{}});
        EXPECT_EQ(at, before);
        continue;
      }
      feed(ResultsTaken{});
    }
    std::vector<std::uint64_t> all;
    for (std::uint64_t i = 1; i <= kEndOfLog; ++i) all.push_back(i);
    EXPECT_EQ(seen, all);
  }
}

}  // namespace
}  // namespace brigade::client
