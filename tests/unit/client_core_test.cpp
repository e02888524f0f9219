#include <gtest/gtest.h>

#include <deque>
#include <functional>

#include "client/core/core.h"

namespace brigade::client {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr JobId kJob{1, 2};
constexpr std::uint64_t kCredit = 100;

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

Start seeded(std::uint64_t seed) {
  Start start;
  start.seed = seed;
  return start;
}

Answer answer_to(std::uint64_t request, std::vector<std::string> reasons = {}, bool last = true) {
  Answer answer;
  answer.request = RequestId{request};
  answer.last = last;
  answer.reasons = std::move(reasons);
  return answer;
}

Answer refusal_of(std::uint64_t request, Error error) {
  Answer answer = answer_to(request);
  answer.error = std::move(error);
  return answer;
}

const Error* error_of(const Commands& commands) {
  if (commands.empty()) return nullptr;
  const auto* finish = std::get_if<Finish>(&commands.back());
  return finish == nullptr ? nullptr : std::get_if<Error>(&finish->result);
}

Commands failed(ErrorCode code, std::string message) {
  return {Finish{Error{code, std::move(message)}}};
}

// ---- Connection --------------------------------------------------------------------------------------------------

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

// ---- Upload ------------------------------------------------------------------------------------------------------

JobSpec spec_with_key() {
  JobSpec spec;
  spec.kind = "echo";
  spec.key = "k";
  return spec;
}

Command open(std::uint64_t request) {
  return Send{Open{RequestId{request}, spec_with_key()}};
}
Event opened(std::uint64_t request, std::uint64_t next = 0, bool sealed = false) {
  return Arrived{Opened{RequestId{request}, kJob, next, sealed}};
}
Event stored(std::uint64_t sequence) {
  return Arrived{ChunkStored{kJob, sequence}};
}
const ContentHash kHash{1, 2, 3};
// Functions: g++ 12 spends minutes on whether constants of these types can be computed at compile time.
Command seal() {
  return Send{Seal{kJob, 30, kHash}};
}
Event source_end() {
  return SourceEnded{30, kHash};
}

struct Uploading : Client {
  Uploading() {
    connect();
    EXPECT_EQ(on(SubmitCalled{spec_with_key(), {}}), list(open(1)));
  }
};

TEST(ClientUpload, SealsARangeAtOnce) {
  Client client;
  client.connect();
  JobSpec spec = spec_with_key();
  spec.range = Arithmetic{1, 1, 30};
  EXPECT_EQ(client.on(SubmitCalled{spec, kHash}), (list(Send{Open{RequestId{1}, spec, kHash}})));
  EXPECT_EQ(client.hear(Sealed{RequestId{9}, kJob}), list());
  EXPECT_EQ(client.hear(Sealed{RequestId{1}, kJob, false, "no worker"}),
            (list(Finish{Accepted{kJob, "no worker", false}})));
  EXPECT_EQ(client.hear(Sealed{RequestId{1}, kJob}), list());
}

TEST(ClientUpload, TellsARangeThatExistedFromItsOwn) {
  JobSpec spec = spec_with_key();
  spec.range = Arithmetic{1, 1, 30};
  Client client;
  client.connect();
  client.on(SubmitCalled{spec, kHash});
  EXPECT_EQ(client.hear(Sealed{RequestId{1}, kJob, true}), (list(Finish{Accepted{kJob, "", true}})));
  client.on(SubmitCalled{spec, kHash});
  client.reconnect();  // the first Open may have arrived
  EXPECT_EQ(client.hear(Sealed{RequestId{3}, kJob, true}), (list(Finish{Accepted{kJob, "", false}})));
  client.on(SubmitCalled{spec, kHash});
  const Error other{ErrorCode::conflict, "other"};
  EXPECT_EQ(client.hear(SubmitRejected{RequestId{3}, kJob, other}), list());
  EXPECT_EQ(client.hear(SubmitRejected{RequestId{4}, kJob, other}), list(Finish{other}));
}

// ---- Upload, and the read that follows ---------------------------------------------------------------------------

ReadCalled read_of(JobId job) {
  return {.job = job, .order = Order::completion};
}
Read request(std::uint64_t reader, JobId job) {
  return {.reader = RequestId{reader}, .job = job, .credit_bytes = kReadCreditBytes};
}

/// A range was submitted and accepted, and the broker has begun with the read as reader 2.
struct Submitted : Client {
  Submitted() {
    connect();
    JobSpec spec = spec_with_key();
    spec.range = Arithmetic{1, 1, 30};
    EXPECT_EQ(on(SubmitCalled{spec, kHash, read_of({})}), list(Send{Open{RequestId{1}, spec, kHash, request(2, {})}}));
    EXPECT_EQ(hear(Sealed{RequestId{1}, kJob}), (list(Finish{Accepted{kJob, "", false}})));
  }
};

TEST(ClientReadAhead, BeginsWithoutAsking) {
  Submitted client;
  EXPECT_TRUE(client.core.expects(read_of(kJob)));
  EXPECT_EQ(client.on(read_of(kJob)), list());
  EXPECT_EQ(client.on(ResultsArrived{RequestId{2}, 30, 10, true}), list(Deliver{}));
  EXPECT_EQ(client.on(ResultsTaken{}), list(Finish{ReadDone{30}}));
}

TEST(ClientReadAhead, WatchesWhereProgressIsWanted) {
  Submitted client;
  ReadCalled watching = read_of(kJob);
  watching.progress = true;
  EXPECT_TRUE(client.core.expects(watching));
  EXPECT_EQ(client.on(watching), list(Send{Watch{kJob}}));
}

TEST(ClientReadAhead, IsEndedByAnotherCall) {
  Submitted client;
  ReadCalled other = read_of(kJob);
  other.from = 3;
  EXPECT_FALSE(client.core.expects(other));
  Read asked = request(3, kJob);
  asked.from = 3;
  EXPECT_EQ(client.on(other), (list(Send{StopReading{RequestId{2}}}, Send{asked})));
  EXPECT_EQ(client.on(ResultsArrived{RequestId{2}, 4, 10}), list());
}

TEST(ClientReadAhead, IsForgottenWithItsConnection) {
  Submitted client;
  client.reconnect();
  EXPECT_FALSE(client.core.expects(read_of(kJob)));
  EXPECT_EQ(client.on(read_of(kJob)), list(Send{request(3, kJob)}));
}

TEST(ClientReadAhead, GoesWithTheSealOfAnUpload) {
  Client client;
  client.connect();
  EXPECT_EQ(client.on(SubmitCalled{spec_with_key(), {}, read_of({})}), list(open(1)));
  client.on(opened(1));
  client.on(ChunkPulled{60});
  client.on(source_end());
  EXPECT_EQ(client.on(stored(0)), (list(DropChunks{1}, Send{Seal{kJob, 30, kHash, request(2, {})}})));
  client.hear(Sealed{.job = kJob});
  EXPECT_TRUE(client.core.expects(read_of(kJob)));
}

TEST(ClientUpload, ConnectsFirstWhereItMust) {
  Client client;
  EXPECT_EQ(client.on(SubmitCalled{spec_with_key(), {}}), (list(Connect{}, Client::hello())));
  EXPECT_EQ(client.welcome(), list(open(1)));
}

TEST(ClientUpload, SendsChunksWithinTheCreditAndSealsWhenAllAreStored) {
  Uploading client;
  EXPECT_EQ(client.on(opened(1)), list(PullChunk{0}));
  EXPECT_EQ(client.on(ChunkPulled{60}), (list(SendChunk{kJob, 0}, PullChunk{1})));
  EXPECT_EQ(client.on(ChunkPulled{60}), list());  // 120 would be over the credit
  EXPECT_EQ(client.on(stored(0)), (list(DropChunks{1}, SendChunk{kJob, 1}, PullChunk{2})));
  EXPECT_EQ(client.on(ChunkPulled{40}), list((SendChunk{kJob, 2})));  // exactly the credit
  EXPECT_EQ(client.on(stored(1)), (list(DropChunks{2}, PullChunk{3})));
  EXPECT_EQ(client.on(source_end()), list());
  EXPECT_EQ(client.on(stored(2)), (list(DropChunks{3}, seal())));
  EXPECT_EQ(client.hear(Sealed{.job = kJob, .warning = ""}), (list(Finish{Accepted{kJob, "", false}})));
}

TEST(ClientUpload, SendsAChunkAboveTheCreditAlone) {
  Uploading client;
  client.on(opened(1));
  EXPECT_EQ(client.on(ChunkPulled{10}), (list(SendChunk{kJob, 0}, PullChunk{1})));
  EXPECT_EQ(client.on(ChunkPulled{500}), list());
  EXPECT_EQ(client.on(stored(0)), (list(DropChunks{1}, SendChunk{kJob, 1})));
  EXPECT_EQ(client.on(stored(1)), (list(DropChunks{2}, PullChunk{2})));
}

TEST(ClientUpload, ChoosesARandomKeyWhereThereIsNone) {
  const auto key_of = [](std::uint64_t seed) {
    Client client(seeded(seed));
    client.connect();
    const Commands out = client.on(SubmitCalled{});
    return std::get<Open>(std::get<Send>(out.at(0)).message).spec.key;
  };
  EXPECT_TRUE(parse_job_id(key_of(1)));
  EXPECT_EQ(key_of(1), key_of(1));
  EXPECT_NE(key_of(1), key_of(2));
}

TEST(ClientUpload, SkipsWhatAnEarlierUploadHasStored) {
  Uploading client;
  EXPECT_EQ(client.on(opened(1, 2)), list(PullChunk{0}));
  EXPECT_EQ(client.on(ChunkPulled{60}), (list(DropChunks{1}, PullChunk{1})));
  EXPECT_EQ(client.on(ChunkPulled{60}), (list(DropChunks{2}, PullChunk{2})));
  EXPECT_EQ(client.on(ChunkPulled{60}), (list(SendChunk{kJob, 2}, PullChunk{3})));
  EXPECT_EQ(client.on(source_end()), list());
  EXPECT_EQ(client.on(stored(2)), (list(DropChunks{3}, seal())));
}

TEST(ClientUpload, OnlyHashesWhenTheJobExists) {
  Uploading client;
  EXPECT_EQ(client.on(opened(1, 3, true)), list(PullChunk{0}));
  EXPECT_EQ(client.on(ChunkPulled{60}), (list(DropChunks{1}, PullChunk{1})));
  EXPECT_EQ(client.on(source_end()), list(seal()));
  EXPECT_EQ(client.hear(Sealed{.job = kJob, .warning = ""}), (list(Finish{Accepted{kJob, "", true}})));
}

TEST(ClientUpload, DoesNotTakeItsOwnJobForAnother) {
  Uploading client;
  client.on(opened(1));
  EXPECT_EQ(client.on(source_end()), list(seal()));
  EXPECT_EQ(client.reconnect(), list(open(2)));
  EXPECT_EQ(client.on(opened(2, 0, true)), list(seal()));
  EXPECT_EQ(client.hear(Sealed{.job = kJob, .warning = ""}), (list(Finish{Accepted{kJob, "", false}})));
}

TEST(ClientUpload, SendsAgainFromWhereTheBrokerSays) {
  Uploading client;
  client.on(opened(1));
  client.on(ChunkPulled{30});
  client.on(ChunkPulled{30});
  EXPECT_EQ(client.on(ChunkPulled{30}), (list(SendChunk{kJob, 2}, PullChunk{3})));
  EXPECT_EQ(client.on(stored(0)), list(DropChunks{1}));
  EXPECT_EQ(client.reconnect(), list(open(2)));
  EXPECT_EQ(client.on(ChunkPulled{30}), list());  // pulled before the loss
  EXPECT_EQ(client.on(stored(1)), list());        // of the earlier connection
  EXPECT_EQ(client.on(opened(1, 1)), list());     // likewise
  // Chunk 1 was received, and may not be committed: it is kept until a later one is stored.
  EXPECT_EQ(client.on(opened(2, 2)), (list(SendChunk{kJob, 2}, SendChunk{kJob, 3}, PullChunk{4})));
  EXPECT_EQ(client.reconnect(), list(open(3)));
  EXPECT_EQ(client.on(opened(3, 1)), (list(SendChunk{kJob, 1}, SendChunk{kJob, 2}, SendChunk{kJob, 3})));
  EXPECT_EQ(client.on(stored(2)), list(DropChunks{3}));
}

TEST(ClientUpload, SaysSoWhenTheBrokerHasLostWhatWasStored) {
  Uploading client;
  client.on(opened(1));
  client.on(ChunkPulled{60});
  client.on(stored(0));
  client.reconnect();
  EXPECT_EQ(client.on(opened(2, 0)), failed(ErrorCode::unavailable,
                                            "the broker at tcp://127.0.0.1:5757 was restarted and has lost this upload "
                                            "(without --state it keeps nothing); submit it again"));
}

TEST(ClientUpload, EndsWithTheBrokersRefusalAtEachStep) {
  const Error why{ErrorCode::storage, "the disk is full"};
  const Commands end{Finish{why}};
  Uploading at_open;
  EXPECT_EQ(at_open.hear(SubmitRejected{RequestId{5}, {}, why}), list());
  EXPECT_EQ(at_open.hear(SubmitRejected{RequestId{1}, {}, why}), end);
  Uploading at_chunk;
  at_chunk.on(opened(1));
  at_chunk.on(ChunkPulled{60});
  EXPECT_EQ(at_chunk.hear(SubmitRejected{{}, JobId{8, 8}, why}), list());
  EXPECT_EQ(at_chunk.hear(SubmitRejected{{}, kJob, why}), end);
  Uploading at_seal;
  at_seal.on(opened(1));
  at_seal.on(source_end());
  EXPECT_EQ(at_seal.hear(SubmitRejected{{}, kJob, why}), end);
}

TEST(ClientUpload, EndsWithTheSourcesError) {
  Uploading client;
  client.on(opened(1));
  EXPECT_EQ(client.on(SourceFailed{{ErrorCode::invalid, "line 3: no number"}}),
            failed(ErrorCode::invalid, "line 3: no number"));
}

TEST(ClientUpload, CanBeInterruptedAndIgnoresWhatComesLate) {
  Uploading client;
  client.on(opened(1));
  client.on(ChunkPulled{60});
  EXPECT_EQ(client.on(Interrupted{}), failed(ErrorCode::cancelled, "interrupted"));
  EXPECT_EQ(client.on(stored(0)), list());
  EXPECT_EQ(client.on(SubmitCalled{spec_with_key(), {}}), list(open(2)));
  EXPECT_EQ(client.on(opened(1)), list());
}

TEST(ClientUpload, DoesNotWaitForEverForAnAnswer) {
  Uploading at_open;
  for (int i = 0; i < 4; ++i) EXPECT_EQ((at_open.hear(Ping{}), at_open.pass(seconds(1))), list());
  at_open.hear(Ping{});
  EXPECT_EQ(at_open.pass(seconds(1)),
            failed(ErrorCode::unavailable,
                   "the broker at tcp://127.0.0.1:5757 is there, but its answer to the submit "
                   "did not come within 5 s; see `brigade status`, or try again"));
  Uploading at_chunk;
  at_chunk.on(opened(1));
  at_chunk.on(ChunkPulled{60});
  for (int i = 0; i < 59; ++i) EXPECT_EQ((at_chunk.hear(Ping{}), at_chunk.pass(seconds(1))), list());
  at_chunk.hear(Ping{});
  EXPECT_NE(error_of(at_chunk.pass(seconds(1))), nullptr);
}

/// A broker that commits chunks two at a time, and the loop between it and the client's core.
struct UploadWorld {
  static constexpr std::uint64_t kChunks = 7;

  /// Runs a whole submit. The socket breaks at message number `loss`; with `crash` the broker loses what it has not
  /// committed.
  CallResult run(int loss, bool crash) {
    loss_at = loss;
    client.connect();
    feed(SubmitCalled{spec_with_key(), {}});
    while (!end) {
      if (broken) {
        broken = false;
        answers.clear();
        if (crash) received.clear();
        feed(SendFailed{});
        connected = true;
        feed_at_deadline();
        answers.push_back(Welcome{2, "", kCredit});
      }
      auto& next = local.empty() ? answers : local;
      if (next.empty()) return Error{ErrorCode::internal, "stuck"};
      const Event event = local.empty() ? Event{Arrived{std::get<Message>(next.front())}} : to_event(next.front());
      next.pop_front();
      feed(event);
    }
    return *end;
  }

  using Item = std::variant<Message, ChunkPulled, SourceEnded>;
  static Event to_event(const Item& item) {
    if (const auto* chunk = std::get_if<ChunkPulled>(&item)) return *chunk;
    return std::get<SourceEnded>(item);
  }
  void feed_at_deadline() {
    for (const Command& command : client.expire()) EXPECT_FALSE(std::holds_alternative<Finish>(command));
  }
  void feed(const Event& event) {
    for (const Command& command : client.on(event)) carry_out(command);
  }
  void carry_out(const Command& command) {
    if (const auto* finish = std::get_if<Finish>(&command)) end = finish->result;
    if (const auto* pull = std::get_if<PullChunk>(&command)) {
      local.push_back(pull->sequence < kChunks ? Item{ChunkPulled{40}} : Item{SourceEnded{30, kHash}});
    }
    const auto* send = std::get_if<Send>(&command);
    const auto* chunk = std::get_if<SendChunk>(&command);
    if ((send == nullptr && chunk == nullptr) || broken || !connected) return;
    if (messages++ == loss_at) {
      broken = true;
      connected = false;
    } else if (chunk != nullptr) {
      store(chunk->sequence);
    } else {
      answer(send->message);
    }
  }
  void store(std::uint64_t sequence) {
    EXPECT_EQ(sequence, committed.size() + received.size());
    received.push_back(sequence);
    if (received.size() < 2 && sequence + 1 < kChunks) return;
    for (const std::uint64_t stored_now : received) {
      committed.push_back(stored_now);
      answers.push_back(Message{ChunkStored{kJob, stored_now}});
    }
    received.clear();
  }
  void answer(const Message& message) {
    if (const auto* opening = std::get_if<Open>(&message)) {
      answers.push_back(
          Message{Opened{opening->request, kJob, committed.size() + received.size(), sealed.has_value()}});
      // A chunk that came over an earlier connection is committed by now, and nobody is told.
      committed.insert(committed.end(), received.begin(), received.end());
      received.clear();
    }
    if (const auto* seal = std::get_if<Seal>(&message)) {
      sealed = *seal;
      answers.push_back(Message{Sealed{.job = kJob, .warning = ""}});
    }
  }

  Client client;
  std::deque<Item> local;    ///< what carrying out commands led to
  std::deque<Item> answers;  ///< on their way to the client
  std::optional<CallResult> end;
  std::vector<std::uint64_t> committed, received;
  std::optional<Seal> sealed;
  int messages = 0;
  int loss_at = -1;
  bool broken = false;
  bool connected = true;
};

TEST(ClientUpload, ArrivesWholeWhereverTheConnectionIsLost) {
  for (const bool crash : {false, true}) {
    for (int loss = 0; loss < 9; ++loss) {
      SCOPED_TRACE(loss);
      UploadWorld world;
      EXPECT_EQ(world.run(loss, crash), (CallResult{Accepted{kJob, "", false}}));
      EXPECT_EQ(world.committed, (std::vector<std::uint64_t>{0, 1, 2, 3, 4, 5, 6}));
      EXPECT_EQ(world.sealed, (Seal{kJob, 30, kHash}));
      EXPECT_GT(world.messages, loss);
    }
  }
}

// ---- Read --------------------------------------------------------------------------------------------------------

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

// ---- Wait --------------------------------------------------------------------------------------------------------

JobSummary summary_in(JobState state) {
  JobSummary summary;
  summary.id = kJob;
  summary.state = state;
  return summary;
}

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

// ---- Questions ---------------------------------------------------------------------------------------------------

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
