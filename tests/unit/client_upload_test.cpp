#include <deque>

#include "tests/unit/client_core.h"

namespace brigade::client {
namespace {

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

}  // namespace
}  // namespace brigade::client
