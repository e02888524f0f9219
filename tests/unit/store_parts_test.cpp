// The store's parts alone: checksums, rows, the cache of records.
#include "broker/store/crc32c.h"
#include "broker/store/pack.h"
#include "broker/store/record_cache.h"
#include "tests/unit/store_support.h"

namespace brigade::broker {
namespace {

TEST(Crc32c, MatchesThePublishedCheckValueHoweverTheDataIsSplit) {
  const std::string_view text = "123456789";
  EXPECT_EQ(crc32c(text), 0xE306'9283U);
  for (std::size_t cut = 0; cut <= text.size(); ++cut)
    EXPECT_EQ(crc32c(text.substr(cut), crc32c(text.substr(0, cut))), 0xE306'9283U);
  EXPECT_EQ(crc32c(std::string(32, '\0')), 0x8A91'36AAU);  // RFC 3720, B.4
  EXPECT_EQ(crc32c_by_tables(text), 0xE306'9283U);
  std::string bytes(100, '\0');
  for (std::size_t i = 0; i < bytes.size(); ++i) bytes[i] = static_cast<char>(i * 37 + 11);
  for (std::size_t size = 0; size <= bytes.size(); ++size)
    EXPECT_EQ(crc32c(bytes.substr(0, size), 5), crc32c_by_tables(bytes.substr(0, size), 5)) << size;
}

TEST(Pack, GivesBackNumbersAndTexts) {
  Packer packer;
  const std::vector<std::int64_t> numbers{0, 1, -1, 127, 128, -300, INT64_MAX, INT64_MIN};
  for (const std::int64_t number : numbers) packer.signed_number(number);
  packer.text("text");
  const std::string sealed = packer.seal({3, 4});
  auto unpacker = Unpacker::open(sealed, {3, 4});
  ASSERT_TRUE(unpacker);
  for (const std::int64_t number : numbers) EXPECT_EQ(unpacker->signed_number(), number);
  EXPECT_EQ(unpacker->text(), "text");
  EXPECT_TRUE(unpacker->whole());
  EXPECT_EQ(unpacker->number(), 0U);
  EXPECT_FALSE(unpacker->whole());
}

TEST(Pack, RefusesFlippedBitsAndOtherKeys) {
  Packer packer;
  packer.number(300);
  const std::string sealed = packer.seal({3, 4});
  EXPECT_FALSE(Unpacker::open(sealed, {3, 5}));
  EXPECT_FALSE(Unpacker::open(sealed, {4, 4}));
  EXPECT_FALSE(Unpacker::open(sealed.substr(0, 3), {3, 4}));
  for (std::size_t bit = 0; bit < 8 * sealed.size(); ++bit) {
    std::string flipped = sealed;
    flipped[bit / 8] = static_cast<char>(flipped[bit / 8] ^ (1 << (bit % 8)));
    EXPECT_FALSE(Unpacker::open(flipped, {3, 4})) << bit;
  }
}

TEST(RecordCache, KeepsToItsBytesAndDropsTheLeastRecentlyUsed) {
  RecordCache<int> cache(100);
  for (int i = 0; i < 4; ++i) cache.add(1, static_cast<std::uint64_t>(i), i, 25, {});
  ASSERT_NE(cache.find(1, 0, {}), nullptr);
  cache.add(1, 4, 4, 25, {});
  cache.add(1, 5, 5, 26, {});  // more than a quarter of the cache
  EXPECT_EQ(cache.bytes(), 100U);
  EXPECT_EQ(cache.find(1, 1, {}), nullptr);
  EXPECT_EQ(cache.find(1, 5, {}), nullptr);
  for (const int i : {0, 2, 3, 4}) {
    const int* found = cache.find(1, static_cast<std::uint64_t>(i), {});
    ASSERT_NE(found, nullptr);
    EXPECT_EQ(*found, i);
  }
}

TEST(RecordCache, HidesWhatIsNotCommittedAndForgetsAJob) {
  RecordCache<int> cache(1000);
  cache.add(1, 10, 7, 1, {}, {5});
  cache.add(2, 10, 8, 1, {});
  EXPECT_EQ(cache.find(1, 10, {4}), nullptr);
  EXPECT_EQ(*cache.find(1, 10, {5}), 7);
  EXPECT_EQ(*cache.find_at_or_before(1, 12, {5}), 7);
  EXPECT_EQ(cache.find_at_or_before(1, 9, {5}), nullptr);
  EXPECT_EQ(cache.find_at_or_before(2, 9, {5}), nullptr);  // not another job's
  cache.erase_job(1);
  EXPECT_EQ(cache.find(1, 10, {5}), nullptr);
  EXPECT_EQ(*cache.find(2, 10, {5}), 8);
  EXPECT_EQ(cache.bytes(), 1U);
}

TEST(RecordCache, KeepsWhatIsNotOnDiskYet) {
  RecordCache<int> cache(100);
  cache.add(1, 0, 7, 25, {}, {1});
  cache.add(1, 1, 8, 25, {}, {2});
  for (std::uint64_t i = 2; i < 9; ++i) cache.add(1, i, 0, 25, {1});
  EXPECT_EQ(cache.find(1, 0, {9}), nullptr);
  EXPECT_EQ(*cache.find(1, 1, {9}), 8);
  cache.add(1, 9, 0, 25, {2});
  cache.add(1, 10, 0, 25, {2});
  cache.add(1, 11, 0, 25, {2});
  EXPECT_LE(cache.bytes(), 100u);
}

}  // namespace
}  // namespace brigade::broker
