// The session uploads jobs, through brokers that vanish.
#include "client/content_hash.h"
#include "tests/unit/scripted_broker.h"

namespace brigade::client {
namespace {

/// Keeps uploads as the real broker does; everything it has is "committed".
struct Uploads {
  std::vector<Chunk> chunks;
  std::optional<Seal> sealed;
  JobSpec spec;

  Reply answer(const Message& message) {
    if (const auto* open = std::get_if<Open>(&message)) {
      spec = open->spec;
      if (!open->hash) return say(Opened{open->request, kJob, chunks.size(), sealed.has_value()});
      sealed = Seal{kJob, spec.range->count, *open->hash};  // a range is whole at once
      return say(Sealed{.request = open->request, .job = kJob, .warning = "no worker"});
    }
    if (const auto* chunk = std::get_if<Chunk>(&message)) {
      EXPECT_EQ(chunk->sequence, chunks.size());
      chunks.push_back(*chunk);
      return say(ChunkStored{kJob, chunk->sequence});
    }
    const auto& seal = std::get<Seal>(message);
    if (sealed && !(sealed->hash == seal.hash)) return say(SubmitRejected{{}, kJob, {ErrorCode::conflict, "other"}});
    sealed = seal;
    return say(Sealed{.job = kJob, .warning = "no worker"});
  }
};

Chunk chunk_of(const std::vector<std::string>& values) {
  ValuesBuilder builder;
  for (const std::string& value : values) builder.add(value);
  Chunk chunk;
  chunk.count = values.size();
  chunk.arguments = builder.take();
  return chunk;
}

/// Gives chunks of two tasks: "0" "1", "2" "3", …
ChunkSource numbers(int chunks) {
  return [chunks, next = 0]() mutable -> Result<std::optional<Chunk>> {
    if (next == 2 * chunks) return std::optional<Chunk>{};
    next += 2;
    return std::optional<Chunk>(chunk_of({std::to_string(next - 2), std::to_string(next - 1)}));
  };
}

JobSpec echo_with_key() {
  JobSpec spec;
  spec.kind = "echo";
  spec.key = "k";
  return spec;
}

ContentHash hash_of_numbers(int chunks) {
  ContentHasher hasher(echo_with_key());
  for (int i = 0; i < 2 * chunks; ++i) hasher.add(1, chunk_of({std::to_string(i)}).arguments);
  return hasher.finish();
}

TEST(Session, SubmitsARangeWithoutAskingTheSource) {
  const TemporaryFolder folder;
  Uploads uploads;
  ScriptedBroker broker(folder.endpoint(), [&](const Message& message) { return uploads.answer(message); });
  auto session = connected(options_for(folder));
  JobSpec spec;
  spec.kind = "noop";
  spec.range = Arithmetic{1, 1, 100};
  const auto submitted = session->submit(spec, nullptr);
  ASSERT_TRUE(submitted);
  EXPECT_EQ(submitted->job, kJob);
  EXPECT_EQ(submitted->warning, "no worker");
  EXPECT_FALSE(submitted->existed);
  broker.stop();
  EXPECT_EQ(uploads.sealed, (Seal{kJob, 100, ContentHasher(spec).finish()}));
  EXPECT_EQ(uploads.spec.key.size(), 32U);
}

TEST(Session, UploadsColumnsThroughABrokerThatVanishes) {
  constexpr int kChunks = 40;  // each weighs a fifteenth of the credit
  for (const int loss : {-1, 0, 1, 20, 41}) {
    SCOPED_TRACE(loss);
    const TemporaryFolder folder;
    Uploads uploads;
    int messages = 0;
    ScriptedBroker broker(folder.endpoint(), [&](const Message& message) {
      return messages++ == loss ? vanish() : uploads.answer(message);
    });
    auto session = connected(impatient(folder));
    const auto submitted = session->submit(echo_with_key(), numbers(kChunks));
    ASSERT_TRUE(submitted) << submitted.error().message;
    EXPECT_FALSE(submitted->existed);
    broker.stop();
    ASSERT_EQ(uploads.chunks.size(), static_cast<std::size_t>(kChunks));
    for (int i = 0; i < kChunks; ++i) {
      const Chunk expected = chunk_of({std::to_string(2 * i), std::to_string(2 * i + 1)});
      EXPECT_EQ(uploads.chunks[static_cast<std::size_t>(i)].arguments, expected.arguments);
    }
    EXPECT_EQ(uploads.sealed, (Seal{kJob, 2 * kChunks, hash_of_numbers(kChunks)}));
  }
}

TEST(Session, FindsTheSameJobByItsKeyAndRefusesAnother) {
  const TemporaryFolder folder;
  Uploads uploads;
  ScriptedBroker broker(folder.endpoint(), [&](const Message& message) { return uploads.answer(message); });
  auto session = connected(options_for(folder));
  ASSERT_TRUE(session->submit(echo_with_key(), numbers(3)));
  const auto again = session->submit(echo_with_key(), numbers(3));
  ASSERT_TRUE(again);
  EXPECT_TRUE(again->existed);
  const auto other = session->submit(echo_with_key(), numbers(4));
  ASSERT_FALSE(other);
  EXPECT_EQ(other.error(), (Error{ErrorCode::conflict, "other"}));
  broker.stop();
  EXPECT_EQ(uploads.chunks.size(), 3U);
}

TEST(Session, ReturnsTheSourcesErrorAndRefusesBrokenChunks) {
  const TemporaryFolder folder;
  Uploads uploads;
  ScriptedBroker broker(folder.endpoint(), [&](const Message& message) { return uploads.answer(message); });
  auto session = connected(options_for(folder));
  const Error bad_line{ErrorCode::invalid, "line 3"};
  const auto failed =
      session->submit(echo_with_key(), [&]() -> Result<std::optional<Chunk>> { return Error(bad_line); });
  ASSERT_FALSE(failed);
  EXPECT_EQ(failed.error(), bad_line);
  const auto broken = session->submit(echo_with_key(), []() -> Result<std::optional<Chunk>> {
    Chunk chunk = chunk_of({"a", "bc"});
    chunk.count = 3;
    return std::optional<Chunk>(std::move(chunk));
  });
  ASSERT_FALSE(broken);
  EXPECT_EQ(broken.error().code, ErrorCode::invalid);
}

}  // namespace
}  // namespace brigade::client
