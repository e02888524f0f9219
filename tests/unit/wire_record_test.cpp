#include <gtest/gtest.h>

#include <random>

#include "proto/wire/codec.h"
#include "wire_samples.h"

namespace brigade::wire {
namespace {

std::string joined(const Frames& pieces) {
  std::string record;
  for (const Bytes& piece : pieces) record.append(piece.view());
  return record;
}

const Origin kOrigin{.worker = "w-1", .attempts = 3, .queued_ms = 12.5f, .leased_at = {1'700'000'000'123}};

TEST(Record, BringsABlockBackAsViewsOfItself) {
  for (const Outcomes& outcomes : {packed_outcomes(), constant_outcomes(1), constant_outcomes(100'000'000)}) {
    const Bytes record = Bytes::of(joined(encode_block(kOrigin, outcomes)));
    const auto block = decode_block(record);
    ASSERT_TRUE(block) << block.error().message;
    EXPECT_EQ(block->origin, kOrigin);
    EXPECT_EQ(block->outcomes, outcomes);
    if (outcomes.values.blob.empty()) continue;
    EXPECT_EQ(block->outcomes.values.blob.data() + outcomes.values.blob.size(), record.data() + record.size());
    EXPECT_EQ(block->outcomes.values.blob.owner(), record.owner());
  }
}

TEST(Record, IsWrittenWithoutCopyingColumns) {
  const Outcomes outcomes = packed_outcomes();
  const Frames pieces = encode_block(kOrigin, outcomes);
  EXPECT_EQ(pieces.back().data(), outcomes.values.blob.data());
  EXPECT_EQ(pieces[1].data(), outcomes.status.items().data());
}

TEST(Record, BringsArgumentsBack) {
  const Values arguments = values_of({"http://a", "b", ""});
  const Values labels = values_of({"", "x", "yy"});
  const auto decoded = decode_arguments(Bytes::of(joined(encode_arguments(3, arguments, labels))));
  ASSERT_TRUE(decoded) << decoded.error().message;
  EXPECT_EQ(decoded->count, 3u);
  EXPECT_EQ(decoded->arguments, arguments);
  EXPECT_EQ(decoded->labels, labels);
}

TEST(Record, OfABlobLargerThanAFrameStaysInOnePiece) {
  const Values arguments{.sizes = Column<std::uint32_t>(9'000'000), .blob = Bytes::of(std::string(9'000'000, 'x'))};
  const Bytes record = Bytes::of(joined(encode_arguments(1, arguments, {})));
  const auto decoded = decode_arguments(record);
  ASSERT_TRUE(decoded) << decoded.error().message;
  EXPECT_EQ(decoded->arguments, arguments);
}

TEST(Record, OfSpecAndSummaryComesBack) {
  const auto spec = decode_spec(encode_spec(sample_spec()));
  ASSERT_TRUE(spec) << spec.error().message;
  EXPECT_EQ(*spec, sample_spec());
  const auto summary = decode_summary(encode_summary(sample_summary()));
  ASSERT_TRUE(summary) << summary.error().message;
  EXPECT_EQ(*summary, sample_summary());
}

TEST(Record, OfTheOtherSortOrCutShortIsRefused) {
  const std::string block = joined(encode_block(kOrigin, packed_outcomes()));
  const std::string arguments = joined(encode_arguments(1, values_of({"a"}), values_of({"b"})));
  EXPECT_FALSE(decode_arguments(Bytes::of(block)));
  EXPECT_FALSE(decode_block(Bytes::of(arguments)));
  for (std::size_t length = 0; length < block.size(); ++length)
    EXPECT_FALSE(decode_block(Bytes::of(block.substr(0, length)))) << length;
  EXPECT_FALSE(decode_block(Bytes::of(block + "x")));
}

TEST(Record, DamagedAtRandomIsNeverMoreThanRefused) {
  std::mt19937 random(815);
  const std::string block = joined(encode_block(kOrigin, packed_outcomes()));
  const std::string arguments = joined(encode_arguments(2, values_of({"a", "bb"}), values_of({"", "c"})));
  const std::string spec = encode_spec(sample_spec());
  const std::string summary = encode_summary(sample_summary());
  const auto damaged = [&random](std::string bytes) {
    for (std::size_t changes = 1 + random() % 3; changes > 0; --changes)
      bytes[random() % bytes.size()] ^= static_cast<char>(1 << (random() % 8));
    return bytes;
  };
  for (int round = 0; round < 5'000; ++round) {
    (void)decode_block(Bytes::of(damaged(block)));
    (void)decode_arguments(Bytes::of(damaged(arguments)));
    (void)decode_spec(damaged(spec));
    (void)decode_summary(damaged(summary));
  }
}

}  // namespace
}  // namespace brigade::wire
