#include <gtest/gtest.h>

#include <set>

#include "proto/wire/codec.h"
#include "proto/wire/limits.h"
#include "wire_samples.h"

namespace brigade::wire {
namespace {

void expect_round_trip(const Message& message) {
  const Frames frames = encode(message);
  const auto decoded = decode(frames);
  ASSERT_TRUE(decoded) << decoded.error().message;
  EXPECT_TRUE(*decoded == message) << "message type " << message.index();
}

TEST(Codec, BringsEveryMessageBackAsItWas) {
  std::set<std::size_t> types;
  for (const Message& message : samples()) {
    SCOPED_TRACE("message type " + std::to_string(message.index()));
    types.insert(message.index());
    expect_round_trip(message);
  }
  EXPECT_EQ(types.size(), std::variant_size_v<Message>);
}

TEST(Codec, SendsConstantColumnsWithoutAFrame) {
  const Frames frames = encode(Block{.sequence = 1, .outcomes = constant_outcomes(65'536)});
  EXPECT_EQ(frames.size(), 1u);
  EXPECT_LT(frames[0].size(), 100u);
}

TEST(Codec, SendsColumnsAndBlobsWithoutCopyingThem) {
  const Block block{.sequence = 1, .outcomes = packed_outcomes()};
  const Frames frames = encode(block);
  ASSERT_EQ(frames.size(), 7u);
  EXPECT_EQ(frames[1].data(), block.outcomes.status.items().data());
  EXPECT_EQ(frames[2].data(), block.outcomes.start_ms.items().data());
  EXPECT_EQ(frames[6].data(), block.outcomes.values.blob.data());

  const auto decoded = decode(frames);
  ASSERT_TRUE(decoded);
  EXPECT_EQ(std::get<Block>(*decoded).outcomes.values.blob.data(), frames[6].data());
}

TEST(Codec, DecodedMessagesOutliveTheirFrames) {
  std::optional<Message> kept;
  {
    Frames frames;
    for (const Bytes& frame : encode(Block{.sequence = 1, .outcomes = packed_outcomes()}))
      frames.push_back(Bytes::of(std::string(frame.view())));
    auto decoded = decode(frames);
    ASSERT_TRUE(decoded);
    kept = *std::move(decoded);
  }
  EXPECT_EQ(std::get<Block>(*kept).outcomes, packed_outcomes());
}

TEST(Codec, SplitsABlobLargerThanAFrameAndJoinsIt) {
  for (const std::size_t extra : {std::size_t{0}, std::size_t{1}, kFrameBytesMax - 1, kFrameBytesMax}) {
    std::string big(kFrameBytesMax + extra, 'a');
    for (std::size_t at = 0; at < big.size(); at += 4'093) big[at] = static_cast<char>('b' + at % 20);
    const auto size = static_cast<std::uint32_t>(big.size());
    const Values arguments{.sizes = Column<std::uint32_t>::of({5, size - 5}), .blob = Bytes::of(std::move(big))};
    const Chunk chunk{.job = kJob, .sequence = 1, .count = 2, .arguments = arguments, .labels = values_of({"x", "yy"})};
    const Frames frames = encode(chunk);
    for (const Bytes& frame : frames) EXPECT_LE(frame.size(), kFrameBytesMax);
    EXPECT_EQ(frames[2].data(), arguments.blob.data());
    EXPECT_EQ(frames.size(), (extra == 0 ? 5u : 6u));
    expect_round_trip(chunk);
  }
}

TEST(Codec, CarriesTheLargestBlob) {
  const std::uint32_t size = kBlobBytesMax;
  const Values value{.sizes = Column<std::uint32_t>(size), .blob = Bytes::of(std::string(size, 'v'))};
  Outcomes outcomes = constant_outcomes(1);
  outcomes.values = value;
  const Frames frames = encode(Block{.sequence = 1, .outcomes = outcomes});
  EXPECT_LE(frames.size(), kFramesMax);
  const auto decoded = decode(frames);
  ASSERT_TRUE(decoded) << decoded.error().message;
  EXPECT_TRUE(std::get<Block>(*decoded).outcomes == outcomes);
}

TEST(Codec, CarriesAsManyRunsLeasesAndOriginsAsTheLimitsAllow) {
  Outcomes outcomes;
  for (std::uint64_t i = 0; i < kTasksPerMessageMax; ++i) outcomes.runs.push_back({kTasksPerJobMax - 1 - 2 * i, 1});
  expect_round_trip(Block{.sequence = 1, .outcomes = outcomes});

  WorkerHello hello;
  Heartbeat heartbeat;
  for (std::uint64_t i = 0; i < kLeasesPerWorkerMax; ++i) {
    const LeaseId lease{(std::uint64_t{0xFFFFFF} << 40) + i};
    hello.held.push_back({.lease = lease, .job = kJob, .unfinished = {{kTasksPerJobMax - 1 - i, 1}}});
    heartbeat.held.push_back(lease);
  }
  expect_round_trip(hello);
  expect_round_trip(heartbeat);

  Results results{.origins = std::vector<Origin>(kOriginsMax), .outcomes = constant_outcomes(1)};
  for (std::size_t i = 0; i < results.origins.size(); ++i)
    results.origins[i] = {.worker = "a long worker name that no short string optimisation holds " + std::to_string(i),
                          .attempts = static_cast<std::uint32_t>(i),
                          .queued_ms = static_cast<float>(i),
                          .leased_at = {static_cast<std::int64_t>(i)}};
  expect_round_trip(results);

  Answer answer{.jobs = std::vector<JobSummary>(kAnswerRowsMax, sample_summary())};
  expect_round_trip(answer);
}

TEST(Codec, KeepsTextForPeopleDeliverable) {
  const Refused refused{{ErrorCode::invalid, "bad \xFF byte, " + std::string(2 * kTextBytesMax, 'x')}};
  const auto decoded = decode(encode(refused));
  ASSERT_TRUE(decoded) << decoded.error().message;
  const std::string& text = std::get<Refused>(*decoded).error.message;
  EXPECT_EQ(text.size(), kTextBytesMax);
  EXPECT_TRUE(text.starts_with("bad ? byte, xxx"));
}

TEST(Codec, OfAForeignHelloTellsOnlyTheVersion) {
  const auto worker = decode(encode(WorkerHello{.protocol = 7, .name = "w", .pid = 3}));
  ASSERT_TRUE(worker) << worker.error().message;
  EXPECT_EQ(std::get<WorkerHello>(*worker), (WorkerHello{.protocol = 7}));
  const auto client = decode(encode(ClientHello{.protocol = 0, .pid = 3}));
  ASSERT_TRUE(client) << client.error().message;
  EXPECT_EQ(std::get<ClientHello>(*client), (ClientHello{.protocol = 0}));
}

}  // namespace
}  // namespace brigade::wire
