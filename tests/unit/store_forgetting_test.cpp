// A forgotten job leaves nothing, and nothing else goes with it.
#include "broker/store/index.h"
#include "tests/unit/store_support.h"

namespace brigade::broker {
namespace {

std::uint64_t rows_left(const TemporaryFolder& folder) {
  auto database = Database::open(index_file(folder.state()), Access::read_only);
  require(static_cast<bool>(database));
  Statement count(**database,
                  "SELECT (SELECT count(*) FROM jobs) + (SELECT count(*) FROM chunks) + (SELECT count(*) FROM blocks)"
                  " + (SELECT count(*) FROM attempts) + (SELECT count(*) FROM forgotten)");
  Rows rows(count);
  return rows.next() ? rows.number(0) : 0;
}

TEST(Store, ForgetsAJobWithItsRowsAndFilesAndNothingElse) {
  TemporaryFolder folder;
  OpenStore store(folder.state());
  open_range(store, kOther, 1000);
  store.append(block_of(kOther, 0, ok_outcomes({{0, 10}}, 5000)));
  ASSERT_TRUE(store.commit());
  const std::uint64_t size_before = store->size_bytes();
  const auto names_before = segments(folder);
  open_range(store, kJob, 10'000);
  for (std::uint64_t i = 0; i < 9000; ++i) store.append(block_of(kJob, i, ok_outcomes({{i, 1}}, 100)));
  store.append(AttemptsCounted{.job = kJob, .run = {9500, 1}, .trial = {.attempts = 1}, .lost_worker = {}});
  ASSERT_TRUE(store.commit());
  EXPECT_EQ(segments(folder).size(), 2U);
  EXPECT_GT(store->size_bytes(), size_before + 9000 * 100);
  store.append(JobForgotten{kJob});
  EXPECT_EQ(store->blocks(kJob, 0, kAll, false).error().code, ErrorCode::not_found);
  ASSERT_TRUE(store.commit());
  EXPECT_EQ(segments(folder), names_before);
  EXPECT_EQ(positions(store->blocks(kOther, 0, kAll, false)), (Positions{0}));
  store.close();

  // What is left of the rows is deleted in the next life, in steps between other writes.
  OpenStore again(folder.state());
  ASSERT_EQ(again.recovered().jobs.size(), 1U);
  EXPECT_EQ(again.recovered().jobs[0].id, kOther);
  for (int i = 0; i < 5; ++i) {
    again.append(AttemptsCounted{.job = kOther, .run = {500, 1}, .trial = {.attempts = 1}, .lost_worker = {}});
    ASSERT_TRUE(again.commit());
  }
  again.close();
  EXPECT_EQ(rows_left(folder), 1U + 1U + 5U);
}

TEST(Store, GivesAForgottenJobsKeyAndIdNoMeaning) {
  TemporaryFolder folder;
  OpenStore store(folder.state());
  open_range(store, kJob, 10);
  store.append(block_of(kJob, 0, ok_outcomes({{0, 10}})));
  store.append(JobForgotten{kJob});
  open_range(store, kJob, 10);  // the same id once more
  ASSERT_TRUE(store.commit());
  EXPECT_EQ(positions(store->blocks(kJob, 0, kAll, false)), Positions{});
  store.append(block_of(kJob, 0, ok_outcomes({{5, 5}})));
  ASSERT_TRUE(store.commit());
  EXPECT_EQ(positions(store->blocks_with(kJob, {0, 5}, kAll)), Positions{});
  EXPECT_EQ(positions(store->blocks_with(kJob, {0, 6}, kAll)), Positions{0});
}

}  // namespace
}  // namespace brigade::broker
