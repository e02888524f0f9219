// A copy holds what the store held at one commit, and is a store of its own.
#include <algorithm>
#include <fstream>

#include "broker/store/backup.h"
#include "broker/store/check.h"
#include "broker/store/index.h"
#include "broker/store/payload_files.h"
#include "tests/unit/store_support.h"

namespace brigade::broker {
namespace {

namespace fs = std::filesystem;

/// One job with records in rows and segments, one of segments only.
void write_two_jobs(OpenStore& store) {
  store.append(JobOpened{.job = kJob, .spec = spec_named("columns"), .client = "c", .opened_at = {1}});
  store.append(chunk_of(kJob, 0, {0, 1000}));
  store.append(JobSealed{.job = kJob, .tasks = 1000, .hash = {7}, .accepted_at = {2}});
  store.append(block_of(kJob, 0, ok_outcomes({{0, 10}}, 1000)));
  store.append(block_of(kJob, 10, ok_outcomes({{10, 1}})));
  open_range(store, kOther, 1000);
  for (std::uint64_t i = 0; i < 30; ++i) store.append(block_of(kOther, i, ok_outcomes({{i, 1}}, 10'000)));
  ASSERT_TRUE(store.commit());
}

void expect_jobs(const fs::path& folder) {
  const auto checked = check_store(folder, {.job = [](const CheckedJob&) {},
                                            .damage = [](const Damage& damage) { ADD_FAILURE() << damage.what; },
                                            .note = [](const std::string& note) { ADD_FAILURE() << note; }});
  ASSERT_TRUE(checked) << checked.error().message;
  EXPECT_EQ(checked->jobs, 2U);
  OpenStore store(folder);
  ASSERT_FALSE(store.error()) << store.error()->message;
  ASSERT_EQ(store.recovered().jobs.size(), 2U);
  EXPECT_EQ(store.recovered().jobs[0].hash, ContentHash{7});
  EXPECT_EQ(store.recovered().jobs[0].done.runs(), (Runs{{0, 11}}));
  EXPECT_EQ(store.recovered().jobs[1].done.runs(), (Runs{{0, 30}}));
  ASSERT_TRUE(store->arguments(kJob, {0, 1000}));
  const auto blocks = store->blocks(kOther, 0, kAll, false);
  ASSERT_TRUE(blocks);
  ASSERT_EQ(blocks->size(), 30U);
  for (std::uint64_t i = 0; i < 30; ++i) EXPECT_EQ((*blocks)[i].outcomes, ok_outcomes({{i, 1}}, 10'000));
  store.append(block_of(kOther, 30, ok_outcomes({{30, 1}}, 10'000)));  // it goes on
  ASSERT_TRUE(store.commit());
}

std::vector<std::string> names_in(const fs::path& folder) {
  std::vector<std::string> names;
  for (const auto& entry : fs::directory_iterator(folder)) names.push_back(entry.path().filename().string());
  std::sort(names.begin(), names.end());
  return names;
}

TEST(StoreBackup, IsAStoreThatABrokerCanStartFrom) {
  TemporaryFolder folder;
  {
    OpenStore store(folder.state(), true);
    write_two_jobs(store);
    const auto taken = back_up(folder.state(), folder.path() / "beside/");
    ASSERT_TRUE(taken) << taken.error().message;
    EXPECT_EQ(taken->jobs, 2U);
    EXPECT_EQ(taken->records, 33U);
    EXPECT_TRUE(taken->forgotten.empty());
    store.append(JobForgotten{kOther});  // the copy has nothing in common with it
    ASSERT_TRUE(store.commit());
  }
  EXPECT_EQ(names_in(folder.path() / "beside"), (std::vector<std::string>{"commits", "index.sqlite", "segments"}));
  EXPECT_EQ(fs::status(folder.path() / "beside").permissions(), fs::perms::owner_all);
  fs::create_directory(folder.path() / "empty");
  ASSERT_TRUE(back_up(folder.path() / "beside", folder.path() / "empty"));
  EXPECT_EQ(names_in(folder.path()), (std::vector<std::string>{"beside", "empty", "state"}));
  expect_jobs(folder.path() / "beside");
  expect_jobs(folder.path() / "empty");
}

TEST(StoreBackup, IsAsOfTheCommitAtWhichItsIndexWasCopied) {
  TemporaryFolder folder;
  OpenStore store(folder.state(), true);
  write_two_jobs(store);
  const auto live = Inspection::open(folder.state());
  ASSERT_TRUE(live);
  fs::create_directory(folder.path() / "copy");
  Backup backup(**live, folder.path() / "copy");
  ASSERT_TRUE(backup.copy_index());
  store.append(block_of(kOther, 30, ok_outcomes({{30, 1}}, 10'000)));
  open_range(store, {5, 6}, 10);
  ASSERT_TRUE(store.commit());
  ASSERT_TRUE(backup.copy_records());
  ASSERT_TRUE(backup.end());
  expect_jobs(folder.path() / "copy");
}

TEST(StoreBackup, ForgetsTheJobsThatAreForgottenMeanwhile) {
  TemporaryFolder folder;
  OpenStore store(folder.state(), true);
  write_two_jobs(store);
  open_range(store, {5, 6}, 10);
  store.append(block_of({5, 6}, 0, ok_outcomes({{0, 5}}, 100'000)));
  ASSERT_TRUE(store.commit());
  const auto live = Inspection::open(folder.state());
  ASSERT_TRUE(live);
  fs::create_directory(folder.path() / "copy");
  Backup backup(**live, folder.path() / "copy");
  ASSERT_TRUE(backup.copy_index());
  store.append(JobForgotten{{5, 6}});
  ASSERT_TRUE(store.commit());
  ASSERT_TRUE(backup.copy_records());
  const auto taken = backup.end();
  ASSERT_TRUE(taken) << taken.error().message;
  EXPECT_EQ(taken->forgotten, (std::vector<JobId>{{5, 6}}));
  EXPECT_EQ(taken->jobs, 2U);
  EXPECT_EQ(taken->records, 33U);
  expect_jobs(folder.path() / "copy");
}

TEST(StoreBackup, RefusesADamagedStoreAndLeavesNothingBehind) {
  TemporaryFolder folder;
  {
    OpenStore store(folder.state());
    write_two_jobs(store);
  }
  const auto segment = segment_file(segments_folder(folder.state()), 2, 1);
  fs::resize_file(segment, fs::file_size(segment) - 1);
  const auto cut = back_up(folder.state(), folder.path() / "copy");
  ASSERT_FALSE(cut);
  EXPECT_EQ(cut.error().code, ErrorCode::storage);
  EXPECT_NE(cut.error().message.find(segment.string() + " is damaged"), std::string::npos) << cut.error().message;
  fs::remove(segment);
  EXPECT_EQ(back_up(folder.state(), folder.path() / "copy").error().code, ErrorCode::storage);
  EXPECT_EQ(names_in(folder.path()), std::vector<std::string>{"state"});
}

TEST(StoreBackup, RefusesAStoreThatLostCommits) {
  TemporaryFolder folder;
  OpenStore store(folder.state(), true);
  write_two_jobs(store);
  fs::copy(folder.state(), folder.path() / "lost", fs::copy_options::recursive);
  fs::remove(folder.path() / "lost/index.sqlite-shm");
  const auto log = folder.path() / "lost/index.sqlite-wal";
  fs::resize_file(log, fs::file_size(log) - 1);
  const auto taken = back_up(folder.path() / "lost", folder.path() / "copy");
  ASSERT_FALSE(taken);
  EXPECT_NE(taken.error().message.find("its latest commit is number"), std::string::npos) << taken.error().message;
}

TEST(StoreBackup, WritesOnlyToANewOrEmptyFolder) {
  TemporaryFolder folder;
  OpenStore store(folder.state());
  const auto full = back_up(folder.state(), folder.path());
  ASSERT_FALSE(full);
  EXPECT_EQ(full.error().code, ErrorCode::invalid);
  EXPECT_EQ(back_up(folder.state(), folder.path() / "no/such/folder").error().code, ErrorCode::unavailable);
  EXPECT_EQ(back_up(folder.path(), folder.path() / "copy").error().code, ErrorCode::not_found);
  EXPECT_EQ(names_in(folder.path()), std::vector<std::string>{"state"});
}

}  // namespace
}  // namespace brigade::broker
