// Full disks, damaged files, a second broker: an error or a wait, never wrong or missing data.
#include <signal.h>
#include <sys/resource.h>

#include <algorithm>
#include <chrono>
#include <fstream>
#include <sstream>
#include <thread>

#include "broker/store/index.h"
#include "broker/store/payload_files.h"
#include "tests/unit/store_support.h"

namespace brigade::broker {
namespace {

namespace fs = std::filesystem;

std::string read_file(const fs::path& file) {
  std::ifstream in(file, std::ios::binary);
  std::ostringstream text;
  text << in.rdbuf();
  return text.str();
}

/// A job with one block in a segment, one in its row, and a chunk in a segment, for whom to damage.
void write_victim(const fs::path& folder) {
  OpenStore store(folder);
  ASSERT_FALSE(store.error()) << store.error()->message;
  store.append(JobOpened{.job = kJob, .spec = spec_named("columns"), .client = "c", .opened_at = {1}});
  store.append(chunk_of(kJob, 0, {0, 1000}));
  store.append(JobSealed{.job = kJob, .tasks = 1000, .hash = {}, .accepted_at = {2}});
  store.append(block_of(kJob, 0, ok_outcomes({{0, 10}}, 1000)));
  store.append(block_of(kJob, 10, ok_outcomes({{10, 1}})));
  ASSERT_TRUE(store.commit());
}

void expect_refused(const fs::path& folder, ErrorCode code, const std::string& part_of_message) {
  OpenStore store(folder);
  ASSERT_TRUE(store.error());
  EXPECT_EQ(store.error()->code, code);
  EXPECT_NE(store.error()->message.find(part_of_message), std::string::npos) << store.error()->message;
}

// ---- Opening -----------------------------------------------------------------------------------------------------

TEST(StoreOpening, RefusesAFolderThatAnotherBrokerUses) {
  TemporaryFolder folder;
  {
    OpenStore store(folder.state());
    ASSERT_FALSE(store.error());
    expect_refused(folder.state(), ErrorCode::conflict, folder.state().string() + " is in use by another broker");
  }
  OpenStore again(folder.state());
  EXPECT_FALSE(again.error());
}

TEST(StoreOpening, RefusesANewerVersionAndSaysSo) {
  TemporaryFolder folder;
  write_victim(folder.state());
  run_sql(folder.state(), "PRAGMA user_version=2");
  expect_refused(folder.state(), ErrorCode::storage, "has version 2, made by a newer broker");
}

TEST(StoreOpening, RefusesWhatIsNoDatabase) {
  TemporaryFolder folder;
  fs::create_directory(folder.state());
  std::ofstream(index_file(folder.state())) << std::string(10'000, 'x');
  expect_refused(folder.state(), ErrorCode::storage, index_file(folder.state()).string());
}

TEST(StoreOpening, RefusesAFolderThatCannotBeMade) {
  TemporaryFolder folder;
  std::ofstream(folder.path() / "file") << "x";
  expect_refused(folder.path() / "file" / "state", ErrorCode::storage, (folder.path() / "file").string());
}

TEST(StoreOpening, RefusesDamagedRows) {
  const char* const damages[] = {
      "UPDATE jobs SET opened=zeroblob(length(opened))",
      "UPDATE jobs SET sealed=zeroblob(length(sealed))",
      "UPDATE blocks SET packed=zeroblob(length(packed)) WHERE position=10",
      "UPDATE blocks SET packed=(SELECT packed FROM blocks WHERE position=0) WHERE position=10",
      "DELETE FROM blocks WHERE position=0",
      "DELETE FROM chunks",
  };
  for (const char* damage : damages) {
    TemporaryFolder folder;
    write_victim(folder.state());
    run_sql(folder.state(), damage);
    SCOPED_TRACE(damage);
    expect_refused(folder.state(), ErrorCode::storage, index_file(folder.state()).string() + " is damaged");
  }
}

/// SQLite alone would take a damaged log for a short one and start without the commits behind the damage.
TEST(StoreOpening, RefusesADatabaseThatLostCommits) {
  TemporaryFolder folder;
  OpenStore store(folder.state(), true);
  open_range(store, kJob, 1000);
  for (std::uint64_t i = 0; i < 20; ++i) {
    store.append(block_of(kJob, i, ok_outcomes({{i, 1}})));
    ASSERT_TRUE(store.commit());
  }
  const auto copy_of = [&](const char* name) {
    fs::copy(folder.state(), folder.path() / name, fs::copy_options::recursive);
    fs::remove(folder.path() / name / "index.sqlite-shm");  // as after a crash of the machine
    return folder.path() / name;
  };
  const fs::path whole = copy_of("whole"), flipped = copy_of("flipped"), cut = copy_of("cut"), gone = copy_of("gone"),
                 last = copy_of("last");
  const auto log = [](const fs::path& copy) { return copy / "index.sqlite-wal"; };
  flip_byte(log(flipped), fs::file_size(log(flipped)) / 2);
  fs::resize_file(log(cut), fs::file_size(log(cut)) / 2);
  fs::remove(gone / "commits");
  fs::resize_file(log(last), fs::file_size(log(last)) - 1);  // only the very last commit
  {
    OpenStore again(whole);
    ASSERT_FALSE(again.error()) << again.error()->message;
    EXPECT_EQ(again.recovered().jobs.at(0).log_rows, 20U);
  }
  for (const fs::path& copy : {flipped, cut, last})
    expect_refused(copy, ErrorCode::storage, "is damaged: its latest commit is number");
  for (int start = 0; start < 2; ++start)
    expect_refused(gone, ErrorCode::storage, (gone / "commits").string() + ": No such file or directory. Restore");
}

// ---- Reading what was damaged ------------------------------------------------------------------------------------

TEST(StoreReading, NamesTheFileAndOffsetOfADamagedRecord) {
  TemporaryFolder folder;
  write_victim(folder.state());
  const auto file = segment_file(segments_folder(folder.state()), 1, 1);
  const std::string whole = read_file(file);
  for (std::uint64_t offset = 0; offset < whole.size(); offset += 997) {
    flip_byte(file, offset);
    OpenStore store(folder.state());
    const auto blocks = store->blocks(kJob, 0, kAll, false);
    const auto arguments = store->arguments(kJob, {0, 10});
    ASSERT_TRUE(!blocks != !arguments) << offset;  // the damage is in one of the two records
    const Error& error = blocks ? arguments.error() : blocks.error();
    EXPECT_EQ(error.code, ErrorCode::storage);
    EXPECT_NE(error.message.find(file.string() + " is damaged: the record at byte "), std::string::npos)
        << error.message;
    std::ofstream(file, std::ios::binary) << whole;
  }
}

TEST(StoreReading, RefusesShortMissingAndChangedRecords) {
  TemporaryFolder folder;
  write_victim(folder.state());
  const auto file = segment_file(segments_folder(folder.state()), 1, 1);
  fs::resize_file(file, fs::file_size(file) - 1);
  {
    OpenStore store(folder.state());
    EXPECT_NE(store->blocks(kJob, 0, 1, false).error().message.find("is cut short"), std::string::npos);
    EXPECT_TRUE(store->blocks_with(kJob, {10, 1}));  // in its row
  }
  fs::remove(file);
  run_sql(folder.state(), "UPDATE blocks SET record=zeroblob(length(record)) WHERE position=10");
  OpenStore store(folder.state());
  EXPECT_NE(store->arguments(kJob, {0, 1}).error().message.find(file.string()), std::string::npos);
  EXPECT_EQ(store->blocks_with(kJob, {10, 1}).error().code, ErrorCode::storage);
}

// ---- Full and failing disks --------------------------------------------------------------------------------------

/// A disk on which no file grows beyond a size: EFBIG, which the store takes like ENOSPC.
class SmallDisk {
 public:
  explicit SmallDisk(rlim_t file_bytes_max) {
    ::signal(SIGXFSZ, SIG_IGN);
    require(::getrlimit(RLIMIT_FSIZE, &before_) == 0);
    const rlimit limit{.rlim_cur = file_bytes_max, .rlim_max = before_.rlim_max};
    require(::setrlimit(RLIMIT_FSIZE, &limit) == 0);
  }
  ~SmallDisk() { free(); }
  void free() { require(::setrlimit(RLIMIT_FSIZE, &before_) == 0); }

 private:
  rlimit before_{};
};

std::uint64_t segment_bytes(const fs::path& folder) {
  std::uint64_t bytes = 0;
  for (const auto& entry : fs::directory_iterator(segments_folder(folder))) bytes += entry.file_size();
  return bytes;
}

/// What is committed before, during and after a full disk is all there, once and in order.
void fill_and_free(const TemporaryFolder& folder, std::size_t padding) {
  OpenStore store(folder.state(), true);
  open_range(store, kJob, 10'000);
  store.append(block_of(kJob, 0, ok_outcomes({{0, 1}}, padding)));
  ASSERT_TRUE(store.commit());
  const std::uint64_t before = store.sequence();
  {
    SmallDisk disk(200 * 1024);
    for (std::uint64_t i = 1; i < 2000; ++i) store.append(block_of(kJob, i, ok_outcomes({{i, 1}}, padding)));
    ASSERT_TRUE(store.listener().wait_stalled());
    EXPECT_LT(store.listener().committed().back(), store.sequence());
    EXPECT_GE(store.listener().committed().back(), before);
    EXPECT_EQ(store.listener().resumed(), 0);
    EXPECT_EQ(positions(store->blocks(kJob, 0, 1, false)), std::vector<std::uint64_t>{0});  // reading goes on
  }
  ASSERT_TRUE(store.commit());
  EXPECT_EQ(store.listener().stalled().size(), 1U);
  EXPECT_NE(store.listener().stalled()[0].find(folder.state().string()), std::string::npos);
  EXPECT_EQ(store.listener().resumed(), 1);
  EXPECT_TRUE(store.listener().failed().empty());
  store.close();

  OpenStore again(folder.state());
  ASSERT_FALSE(again.error()) << again.error()->message;
  const auto blocks = again->blocks(kJob, 0, kAll, false);
  ASSERT_TRUE(blocks) << blocks.error().message;
  ASSERT_EQ(blocks->size(), 2000U);
  for (std::uint64_t i = 0; i < 2000; ++i) ASSERT_EQ((*blocks)[i].outcomes, ok_outcomes({{i, 1}}, padding));

  OpenStore undisturbed(folder.path() / "undisturbed");
  open_range(undisturbed, kJob, 10'000);
  for (std::uint64_t i = 0; i < 2000; ++i) undisturbed.append(block_of(kJob, i, ok_outcomes({{i, 1}}, padding)));
  ASSERT_TRUE(undisturbed.commit());  // a refused batch leaves nothing behind
  EXPECT_EQ(segment_bytes(folder.state()), segment_bytes(folder.path() / "undisturbed"));
}

TEST(StoreFaults, WaitsForSpaceForSegmentsAndLosesNothing) {
  TemporaryFolder folder;
  fill_and_free(folder, 20'000);
}

TEST(StoreFaults, WaitsForSpaceForGatheredRecordsAndLosesNothing) {
  TemporaryFolder folder;
  fill_and_free(folder, 500);
}

TEST(StoreFaults, WaitsForSpaceForTheIndexAndLosesNothing) {
  TemporaryFolder folder;
  OpenStore store(folder.state());
  open_range(store, kJob, 10'000);
  ASSERT_TRUE(store.commit());
  {
    SmallDisk disk(150 * 1024);
    for (std::uint32_t i = 0; i < 20'000; ++i)
      store.append(AttemptsCounted{.job = kJob, .run = {i, 1}, .trial = {.attempts = i}, .lost_worker = "some worker"});
    ASSERT_TRUE(store.listener().wait_stalled());
    EXPECT_NE(store.listener().stalled()[0].find(index_file(folder.state()).string()), std::string::npos);
    EXPECT_NE(store.listener().stalled()[0].find("File too large"), std::string::npos) << store.listener().stalled()[0];
  }
  ASSERT_TRUE(store.commit());
  store.close();
  OpenStore again(folder.state());
  const auto& attempts = again.recovered().jobs.at(0).attempts;
  ASSERT_EQ(attempts.size(), 20'000U);
  for (std::uint32_t i = 0; i < attempts.size(); ++i) ASSERT_EQ(attempts[i].trial.attempts, i);
}

/// Whether the job's segments go, while nothing else is committed.
bool wait_for_segments_to_go(const fs::path& folder, std::uint64_t job) {
  const auto end = std::chrono::steady_clock::now() + kPatience;
  while (fs::exists(segment_file(segments_folder(folder), job, 1))) {
    if (std::chrono::steady_clock::now() > end) return false;
    std::this_thread::yield();
  }
  return true;
}

TEST(StoreFaults, ForgetsOnAFullDiskBeforeWhatDoesNotFit) {
  TemporaryFolder folder;
  OpenStore store(folder.state());
  for (const JobId job : {kJob, kOther}) {  // numbers 1 and 2
    open_range(store, job, 1000);
    for (std::uint64_t i = 0; i < 8; ++i) store.append(block_of(job, i, ok_outcomes({{i, 1}}, 20'000)));
  }
  ASSERT_TRUE(store.commit());
  const std::uint64_t before = store.sequence();
  {
    SmallDisk disk(200 * 1024);
    for (std::uint64_t i = 8; i < 100; ++i) store.append(block_of(kJob, i, ok_outcomes({{i, 1}}, 20'000)));
    ASSERT_TRUE(store.listener().wait_stalled());
    store.append(JobForgotten{kOther});
    EXPECT_TRUE(wait_for_segments_to_go(folder.state(), 2));
    EXPECT_LT(store.listener().committed().back(), before + 92);  // but it is not said before its turn
  }
  ASSERT_TRUE(store.commit());
  EXPECT_TRUE(store.listener().failed().empty());
  store.close();
  OpenStore again(folder.state());
  ASSERT_FALSE(again.error()) << again.error()->message;
  ASSERT_EQ(again.recovered().jobs.size(), 1U);
  EXPECT_EQ(again.recovered().jobs[0].id, kJob);
  EXPECT_EQ(again.recovered().jobs[0].log_rows, 100U);
}

TEST(StoreFaults, ClosesOnAFullDiskWithoutAcknowledgingWhatIsNotStored) {
  TemporaryFolder folder;
  std::uint64_t acknowledged = 0;
  {
    OpenStore store(folder.state());
    open_range(store, kJob, 1000);
    ASSERT_TRUE(store.commit());
    SmallDisk disk(200 * 1024);
    for (std::uint64_t i = 0; i < 100; ++i) store.append(block_of(kJob, i, ok_outcomes({{i, 1}}, 20'000)));
    ASSERT_TRUE(store.listener().wait_stalled());
    store.close();
    acknowledged = store.listener().committed().back();
    EXPECT_TRUE(store.listener().failed().empty());
  }
  OpenStore again(folder.state());
  ASSERT_FALSE(again.error()) << again.error()->message;
  EXPECT_EQ(again.recovered().jobs.at(0).log_rows, acknowledged - 2);
}

TEST(StoreFaults, StopsAcknowledgingOnceTheStoreIsBroken) {
  TemporaryFolder folder;
  OpenStore store(folder.state());
  open_range(store, kJob, 1000);
  ASSERT_TRUE(store.commit());
  fs::remove_all(segments_folder(folder.state()));
  store.append(block_of(kJob, 0, ok_outcomes({{0, 1}}, 20'000)));
  ASSERT_TRUE(store.listener().wait_failed());
  store.append(block_of(kJob, 1, ok_outcomes({{1, 1}})));
  store.close();
  EXPECT_EQ(store.listener().committed().back(), 2U);
  EXPECT_EQ(store.listener().failed().size(), 1U);
  EXPECT_NE(store.listener().failed()[0].find(segments_folder(folder.state()).string()), std::string::npos);
}

}  // namespace
}  // namespace brigade::broker
