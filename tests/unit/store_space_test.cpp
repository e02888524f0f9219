// Space that forgotten jobs took is given back to the disk, in steps.
#include <fstream>

#include "broker/store/index.h"
#include "broker/store/payload_files.h"
#include "broker/store/segment_removal.h"
#include "tests/unit/store_support.h"

namespace brigade::broker {
namespace {

namespace fs = std::filesystem;
constexpr std::uint64_t kMebibyte = 1 << 20;

void make_file(const fs::path& file, std::uint64_t bytes) {
  std::ofstream{file};
  fs::resize_file(file, bytes);
}

TEST(SegmentRemoval, GivesBackSoManyBytesAtAStep) {
  TemporaryFolder folder;
  const fs::path first = folder.path() / "1-1.seg", second = folder.path() / "1-2.seg",
                 other = folder.path() / "2-1.seg";
  SegmentRemoval removal;
  for (const fs::path& file : {first, second}) {
    make_file(file, 10 * kMebibyte);
    removal.add(1, file, 10 * kMebibyte);
  }
  make_file(other, 100);
  removal.add(2, other, 100);
  EXPECT_EQ(removal.bytes(), 20 * kMebibyte + 100);
  removal.step(4 * kMebibyte);
  EXPECT_EQ(fs::file_size(second), 6 * kMebibyte);
  removal.step(10 * kMebibyte);
  EXPECT_FALSE(fs::exists(second));
  EXPECT_EQ(fs::file_size(first), 6 * kMebibyte);
  EXPECT_TRUE(removal.has(1));
  EXPECT_EQ(removal.bytes(), 6 * kMebibyte + 100);
  removal.step(7 * kMebibyte);
  EXPECT_FALSE(removal.has(1) || removal.has(2));
  EXPECT_FALSE(fs::exists(first) || fs::exists(other));
  EXPECT_EQ(removal.bytes(), 0U);
  removal.step(kMebibyte);
}

TEST(SegmentRemoval, PassesByAFileThatIsGone) {
  TemporaryFolder folder;
  SegmentRemoval removal;
  removal.add(1, folder.path() / "1-1.seg", 10 * kMebibyte);
  removal.step(4 * kMebibyte);
  EXPECT_FALSE(removal.has(1));
  EXPECT_EQ(removal.bytes(), 0U);
}

TEST(PayloadFiles, GoesOnRemovingWhatAnEarlierLifeLeft) {
  TemporaryFolder folder;
  const fs::path segments = folder.path();
  for (const char* name : {"1-1.seg", "2-1.seg", "2-2.seg", "3-1.seg"}) make_file(segments / name, 10 * kMebibyte);
  auto files = PayloadFiles::open(segments, false, {1}, {2});
  ASSERT_TRUE(files);
  EXPECT_FALSE(fs::exists(segments / "3-1.seg"));  // of a first write that never committed
  EXPECT_FALSE(files->is_removed(2));
  EXPECT_EQ(files->bytes(), 30 * kMebibyte);
  files->remove_some(15 * kMebibyte);
  EXPECT_EQ(files->bytes(), 15 * kMebibyte);
  files->remove_some(15 * kMebibyte);
  EXPECT_TRUE(files->is_removed(2));
  EXPECT_EQ(files->bytes(), 10 * kMebibyte);
  EXPECT_EQ(fs::file_size(segments / "1-1.seg"), 10 * kMebibyte);
}

/// Commits of another job, for the writer to take as many steps between them.
void step(OpenStore& store, int steps) {
  for (int i = 0; i < steps; ++i) {
    store.append(AttemptsCounted{.job = kOther, .run = {500, 1}, .trial = {.attempts = 1}, .lost_worker = {}});
    ASSERT_TRUE(store.commit());
  }
}

TEST(StoreSpace, RemovesTheFilesOfALargeJobBetweenOtherCommits) {
  TemporaryFolder folder;
  OpenStore store(folder.state());
  open_range(store, kOther, 1000);
  ASSERT_TRUE(store.commit());
  const std::uint64_t before = store->size_bytes();
  open_range(store, kJob, 100);
  for (std::uint64_t i = 0; i < 100; ++i) store.append(block_of(kJob, i, ok_outcomes({{i, 1}}, kMebibyte)));
  ASSERT_TRUE(store.commit());
  EXPECT_GT(store->size_bytes(), before + 100 * kMebibyte);
  EXPECT_TRUE(fs::exists(segment_file(segments_folder(folder.state()), 2, 2)));
  store.append(JobForgotten{kJob});
  ASSERT_TRUE(store.commit());
  step(store, 10);
  EXPECT_TRUE(fs::is_empty(segments_folder(folder.state())));
  EXPECT_LT(store->size_bytes(), before + kMebibyte);
  store.close();
  OpenStore again(folder.state());
  ASSERT_FALSE(again.error()) << again.error()->message;
  EXPECT_EQ(again.recovered().jobs.size(), 1U);
}

/// A job whose rows alone take some 14 MiB of the index.
void write_wide_rows(OpenStore& store) {
  for (std::uint32_t i = 0; i < 24'000; ++i)
    store.append(
        AttemptsCounted{.job = kJob, .run = {i, 1}, .trial = {.attempts = i}, .lost_worker = std::string(500, 'w')});
}

TEST(StoreSpace, ShortensTheIndexAfterAForgottenJob) {
  TemporaryFolder folder;
  {
    OpenStore store(folder.state());
    open_range(store, kOther, 1000);
    open_range(store, kJob, 100'000);
    write_wide_rows(store);
    ASSERT_TRUE(store.commit());
    EXPECT_GT(store->size_bytes(), 12 * kMebibyte);
    store.append(JobForgotten{kJob});
    ASSERT_TRUE(store.commit());
    step(store, 40);
    EXPECT_LT(store->size_bytes(), kMebibyte);
  }
  EXPECT_LT(fs::file_size(index_file(folder.state())), 5 * kMebibyte);
}

TEST(StoreSpace, ShortensTheLogAfterAReaderThatTookLong) {
  TemporaryFolder folder;
  OpenStore store(folder.state());
  open_range(store, kOther, 1000);
  open_range(store, kJob, 100'000);
  ASSERT_TRUE(store.commit());
  const fs::path log = index_file(folder.state()).string() + "-wal";
  {
    auto database = Database::open(index_file(folder.state()), Access::read_only);
    ASSERT_TRUE(database);
    Statement ask(**database, "SELECT number FROM jobs");
    Rows rows(ask);
    ASSERT_TRUE(rows.next());  // the log is kept for this reader
    for (int i = 0; i < 3; ++i) write_wide_rows(store);
    ASSERT_TRUE(store.commit());
    EXPECT_GT(fs::file_size(log), 36 * kMebibyte);
  }
  step(store, 5);
  EXPECT_LE(fs::file_size(log), 32 * kMebibyte);
}

}  // namespace
}  // namespace brigade::broker
