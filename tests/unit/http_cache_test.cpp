// The folder of the cache: shared, bounded, checked.
#include "worker/kinds/fetch/http_cache.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <fstream>
#include <random>
#include <thread>
#include <vector>

#include "tests/support/temporary_folder.h"
#include "worker/kinds/fetch/cache_file.h"
#include "worker/kinds/fetch/digest.h"

namespace brigade::worker {
namespace {

namespace fs = std::filesystem;
constexpr std::uint64_t kMiB = std::uint64_t{1} << 20;

CachedAnswer described(const std::string& body) {
  return {.etag = "\"t\"", .last_modified = "d", .content_type = "c", .sha256 = sha256_of(body), .bytes = body.size()};
}

class CacheFolder : public testing::Test {
 protected:
  std::shared_ptr<HttpCache> open(std::uint64_t bytes = 64 * kMiB) const {
    auto opened = HttpCache::open(folder, bytes);
    EXPECT_TRUE(opened) << opened.error().message;
    return *opened;
  }
  std::uint64_t on_disk() const {
    std::uint64_t sum = 0;
    for (const auto& entry : fs::directory_iterator(folder)) {
      struct stat info {};
      if (::stat(entry.path().c_str(), &info) == 0) sum += static_cast<std::uint64_t>(info.st_blocks) * 512;
    }
    return sum;
  }
  test::TemporaryFolder home;
  fs::path above = home.path(), folder = above / "deep" / "cache";
};

TEST_F(CacheFolder, GivesBackWhatWasPutByWhomever) {
  const auto one = open(), two = open();
  const std::string key = sha256_of("key"), body("a\0b", 3);
  EXPECT_EQ(one->find(key), std::nullopt);
  one->put(key, described(body), body);
  ASSERT_EQ(two->find(key), described(body));
  EXPECT_EQ(two->body(key, described(body)), body);
  EXPECT_EQ(two->find(sha256_of("other")), std::nullopt);
  two->put(key, described("newer"), "newer");
  EXPECT_EQ(one->body(key, described(body)), std::nullopt);  // no longer what was found
  EXPECT_EQ(one->body(key, described("newer")), "newer");
  one->put(key, described(""), "");
  EXPECT_EQ(one->body(key, described("")), "");
}

TEST_F(CacheFolder, IsForItsUserAlone) {
  open()->put(sha256_of("key"), described("x"), "x");
  struct stat info {};
  ASSERT_EQ(::stat(folder.c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 0777, 0700u);
  ASSERT_EQ(::stat(fs::directory_iterator(folder)->path().c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 0777, 0600u);
  ASSERT_EQ(::chmod(folder.c_str(), 0755), 0);
  const auto refused = HttpCache::open(folder, kMiB);
  ASSERT_FALSE(refused);
  EXPECT_NE(refused.error().message.find("chmod 700"), std::string::npos) << refused.error().message;
  std::ofstream(above / "file") << "x";
  EXPECT_FALSE(HttpCache::open(above / "file", kMiB));
}

TEST_F(CacheFolder, LetsGoOfWhatWasUsedLongestAgoAndOfNothingElse) {
  { open(); }
  std::ofstream(folder / "notes.txt") << std::string(2 * kMiB, 'x');  // not ours, however large and old
  const auto cache = open();
  const std::string body(100'000, 'x');
  std::vector<std::string> keys;
  for (int i = 0; i < 30; ++i) {
    keys.push_back(sha256_of(std::to_string(i)));
    cache->put(keys.back(), described(body), body);
    const timespec used[2]{{.tv_sec = 1000 + i, .tv_nsec = 0}, {.tv_sec = 1000 + i, .tv_nsec = 0}};
    ::utimensat(AT_FDCWD, (folder / hex_of(keys.back())).c_str(), used, 0);
  }
  cache->touch(keys[0]);
  const auto small = open(kMiB);  // looks through the folder at its start
  while (on_disk() > 3 * kMiB - kMiB / 4) std::this_thread::yield();
  EXPECT_TRUE(cache->find(keys[0]));
  EXPECT_TRUE(cache->find(keys[29]));
  EXPECT_FALSE(cache->find(keys[1]));
  EXPECT_TRUE(fs::exists(folder / "notes.txt"));
}

TEST_F(CacheFolder, StaysWithinItsBoundWhileFourWorkersWrite) {
  std::vector<std::shared_ptr<HttpCache>> workers;
  for (int i = 0; i < 4; ++i) workers.push_back(open(4 * kMiB));
  const std::string body(20'000, 'x');
  for (int i = 0; i < 2000; ++i) workers[i % 4]->put(sha256_of(std::to_string(i)), described(body), body);
  while (on_disk() > 4 * kMiB) std::this_thread::yield();
  EXPECT_TRUE(workers[0]->find(sha256_of("1999")));
}

TEST_F(CacheFolder, BoundsTheMemoryForWhatIsOnlyHeldToBeKept) {
  const auto cache = open();
  std::uint64_t held = 0;
  while (cache->reserve(kMiB)) held += kMiB;
  EXPECT_EQ(held, 64 * kMiB);
  cache->release(kMiB);
  EXPECT_TRUE(cache->reserve(kMiB));
}

TEST(CacheFile, IsReadOnlyWhereEveryBitIsRight) {
  const std::string key = sha256_of("key");
  const std::string head = *cache_head(key, described("body"));
  ASSERT_EQ(read_cache_head(head + "body", key)->answer, described("body"));
  EXPECT_EQ(read_cache_head(head, key)->bytes, head.size());
  EXPECT_FALSE(read_cache_head(head, sha256_of("other")));
  for (std::size_t i = 0; i < head.size(); ++i) {
    EXPECT_FALSE(read_cache_head(head.substr(0, i), key));
    for (const int bit : {0, 7}) {
      std::string damaged = head;
      damaged[i] = static_cast<char>(damaged[i] ^ (1 << bit));
      EXPECT_FALSE(read_cache_head(damaged, key)) << i;
    }
  }
  CachedAnswer long_one = described("body");
  long_one.etag = std::string(5000, 'x');
  EXPECT_FALSE(cache_head(key, long_one));
  std::mt19937 random(1);
  for (int i = 0; i < 2000; ++i) {
    std::string noise(random() % 200, '\0');
    for (char& c : noise) c = static_cast<char>(random());
    EXPECT_FALSE(read_cache_head("brigade cache 1\n" + noise, key));
  }
}

}  // namespace
}  // namespace brigade::worker
