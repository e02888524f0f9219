// check_store finds whatever is damaged, and nothing where all is whole, with a broker at work or without.
#include <algorithm>
#include <fstream>
#include <sstream>

#include "broker/store/check.h"
#include "broker/store/check_job.h"
#include "broker/store/commit_mark.h"
#include "broker/store/index.h"
#include "broker/store/payload_files.h"
#include "tests/unit/store_support.h"

namespace brigade::broker {
namespace {

namespace fs = std::filesystem;

struct Findings {
  std::vector<CheckedJob> jobs;
  std::vector<Damage> damages;
  std::vector<std::string> notes;
  CheckTotals totals;
};

Findings checked(const fs::path& folder) {
  Findings found;
  const auto totals = check_store(folder, {.job = [&](const CheckedJob& job) { found.jobs.push_back(job); },
                                           .damage = [&](const Damage& damage) { found.damages.push_back(damage); },
                                           .note = [&](const std::string& note) { found.notes.push_back(note); }});
  EXPECT_TRUE(totals) << (totals ? "" : totals.error().message);
  if (totals) found.totals = *totals;
  return found;
}

/// An unfinished job of columns with records in rows and segments, a finished one of a range, and an upload.
void write_three_jobs(OpenStore& store) {
  store.append(JobOpened{.job = kJob, .spec = spec_named("columns"), .client = "c", .opened_at = {1}});
  store.append(chunk_of(kJob, 0, {0, 1000}));
  store.append(chunk_of(kJob, 1, {1000, 10}));
  store.append(JobSealed{.job = kJob, .tasks = 1010, .hash = {}, .accepted_at = {2}});
  store.append(block_of(kJob, 0, ok_outcomes({{0, 10}}, 1000)));
  store.append(block_of(kJob, 10, ok_outcomes({{10, 1}})));
  store.append(AttemptsCounted{.job = kJob, .run = {50, 1}, .trial = {.attempts = 1}, .lost_worker = {}});
  store.append(AttemptsCounted{.job = kJob, .run = {51, 1}, .trial = {.attempts = 1}, .lost_worker = {}});
  open_range(store, kOther, 20);
  store.append(block_of(kOther, 0, ok_outcomes({{0, 20}})));
  JobSummary summary{.id = kOther, .name = "range", .kind = "echo", .state = JobState::done, .tasks = 20, .ok = 20};
  summary.by_status[0] = 20;
  summary.visible_rows = 20;
  store.append(JobFinished{.job = kOther, .summary = summary});
  store.append(JobOpened{.job = {5, 6}, .spec = spec_named("upload"), .client = "c", .opened_at = {1}});
  store.append(chunk_of({5, 6}, 0, {0, 5}));
  ASSERT_TRUE(store.commit());
}

void expect_whole(const Findings& found) {
  for (const Damage& damage : found.damages) ADD_FAILURE() << damage.what;
  ASSERT_EQ(found.jobs.size(), 3U);
  EXPECT_EQ(found.jobs[0].id, kJob);
  EXPECT_EQ(found.jobs[0].tasks, 1010U);
  EXPECT_EQ(found.jobs[0].done, 11U);
  EXPECT_EQ(found.jobs[0].records, 4U);
  EXPECT_TRUE(found.jobs[0].sealed);
  EXPECT_FALSE(found.jobs[0].finished);
  EXPECT_TRUE(found.jobs[1].finished);
  EXPECT_EQ(found.jobs[1].done, 20U);
  EXPECT_FALSE(found.jobs[2].sealed);
  EXPECT_EQ(found.jobs[2].tasks, 5U);
  EXPECT_EQ(found.totals.jobs, 3U);
  EXPECT_EQ(found.totals.damages, 0U);
}

TEST(StoreCheck, FindsAWholeStoreWholeBesideItsBrokerAndWithoutIt) {
  TemporaryFolder folder;
  {
    OpenStore store(folder.state(), true);
    write_three_jobs(store);
    const Findings found = checked(folder.state());
    expect_whole(found);
    EXPECT_GT(found.totals.commits, 1U);
    EXPECT_EQ(found.notes, std::vector<std::string>{});
  }
  expect_whole(checked(folder.state()));
  OpenStore again(folder.state());
  EXPECT_FALSE(again.error());
}

TEST(StoreCheck, LeavesTheLogOfADeadBrokerAsItIs) {
  TemporaryFolder folder;
  OpenStore store(folder.state(), true);
  write_three_jobs(store);
  fs::copy(folder.state(), folder.path() / "dead", fs::copy_options::recursive);
  fs::remove(folder.path() / "dead/index.sqlite-shm");
  const auto log = folder.path() / "dead/index.sqlite-wal";
  const auto size = fs::file_size(log);
  expect_whole(checked(folder.path() / "dead"));
  EXPECT_EQ(fs::file_size(log), size);
}

/// Each damage, and what of it must be said.
struct Case {
  const char* sql;
  std::uint64_t damages;
  const char* said;
  std::optional<brigade::Run> tasks = {};
};

TEST(StoreCheck, NamesEachKindOfDamageToTheIndex) {
  const Case cases[] = {
      {"UPDATE jobs SET opened=zeroblob(9) WHERE number=1", 1, "the row of job number 1"},
      {"UPDATE jobs SET sealed=zeroblob(9) WHERE number=1", 1,
       "the seal of job "
       "0000000000001111"},
      {"UPDATE jobs SET finished=zeroblob(9) WHERE number=2", 1,
       "the summary of job "
       "0000000000003333"},
      {"UPDATE blocks SET packed=zeroblob(9) WHERE job=1 AND position=10", 1, "block 10 of job number 1"},
      {"UPDATE blocks SET record=zeroblob(length(record)) WHERE job=1 AND position=10", 1, "does not match",
       brigade::Run{10, 1}},
      {"UPDATE blocks SET not_ok=5 WHERE job=1 AND position=10", 1, "would not be found by its tasks",
       brigade::Run{10, 1}},
      {"DELETE FROM blocks WHERE job=1 AND position=0", 1, "rows 0..9 of its result log are missing"},
      {"DELETE FROM blocks WHERE job=2", 2, "results of 20 tasks are missing"},
      {"DELETE FROM chunks WHERE job=1 AND first=0", 1, "the arguments of tasks 0..999 are missing",
       brigade::Run{0, 1000}},
      {"DELETE FROM chunks WHERE job=1 AND first=1000", 1, "the arguments of tasks 1000..1009 are missing",
       brigade::Run{1000, 10}},
      {"DELETE FROM attempts WHERE job=1 AND count=1", 1, "attempt 2 is damaged or out of order", brigade::Run{51, 1}},
      {"DELETE FROM jobs WHERE number=1", 3, "has rows of job number 1, but not that job"},
      {"UPDATE facts SET value=value-1 WHERE name=CAST('commit' AS BLOB)", 1, "its latest commit is number"},
      {"UPDATE facts SET value=value+2 WHERE name=CAST('commit' AS BLOB)", 1, "its latest commit is number"},
  };
  for (const Case& each : cases) {
    SCOPED_TRACE(each.sql);
    TemporaryFolder folder;
    {
      OpenStore store(folder.state());
      write_three_jobs(store);
    }
    run_sql(folder.state(), each.sql);
    const Findings found = checked(folder.state());
    EXPECT_EQ(found.totals.damages, each.damages);
    const auto said = std::ranges::find_if(
        found.damages, [&](const Damage& damage) { return damage.what.find(each.said) != std::string::npos; });
    if (said == found.damages.end()) {
      for (const Damage& damage : found.damages) ADD_FAILURE() << damage.what;
      continue;
    }
    EXPECT_EQ(said->tasks, each.tasks);
  }
}

TEST(StoreCheck, FindsEveryFlippedByteOfASegmentAndNamesItsTasks) {
  TemporaryFolder folder;
  {
    OpenStore store(folder.state());
    write_three_jobs(store);
  }
  const auto file = segment_file(segments_folder(folder.state()), 1, 1);
  for (std::uint64_t offset = 0; offset < fs::file_size(file); offset += 499) {
    flip_byte(file, offset);
    const Findings found = checked(folder.state());
    ASSERT_EQ(found.damages.size(), 1U) << offset;
    EXPECT_EQ(found.damages[0].file, file);
    EXPECT_EQ(found.damages[0].job, kJob);
    ASSERT_TRUE(found.damages[0].tasks);
    EXPECT_TRUE(found.damages[0].tasks == (brigade::Run{0, 1000}) || found.damages[0].tasks == (brigade::Run{0, 10}));
    flip_byte(file, offset);
  }
  expect_whole(checked(folder.state()));
}

TEST(StoreCheck, FindsWhatSqliteFindsInItsOwnPages) {
  TemporaryFolder folder;
  {
    OpenStore store(folder.state());
    write_three_jobs(store);
  }
  run_sql(folder.state(), "PRAGMA writable_schema=ON; DELETE FROM sqlite_schema WHERE name='blocks_not_ok'");
  EXPECT_GT(checked(folder.state()).totals.damages, 0U);
}

TEST(StoreCheck, FindsAMissingMarkAndMissingSegments) {
  TemporaryFolder folder;
  {
    OpenStore store(folder.state());
    write_three_jobs(store);
  }
  fs::remove(commit_mark_file(folder.state()));
  fs::remove(segment_file(segments_folder(folder.state()), 1, 1));
  const Findings found = checked(folder.state());
  ASSERT_EQ(found.totals.damages, 3U);
  EXPECT_EQ(found.damages[0].file, commit_mark_file(folder.state()));
  EXPECT_EQ(found.damages[1].file, segment_file(segments_folder(folder.state()), 1, 1));
}

TEST(StoreCheck, NotesWhatACrashLeftBehindAsNoDamage) {
  TemporaryFolder folder;
  {
    OpenStore store(folder.state());
    write_three_jobs(store);
  }
  std::ofstream(segment_file(segments_folder(folder.state()), 1, 1), std::ios::app) << "half a rec";
  std::ofstream(segment_file(segments_folder(folder.state()), 77, 1)) << "of a job that never was";
  const Findings found = checked(folder.state());
  expect_whole(found);
  ASSERT_EQ(found.notes.size(), 2U);
  EXPECT_NE(found.notes[0].find("10 bytes that nothing points to"), std::string::npos) << found.notes[0];
  EXPECT_NE(found.notes[1].find("77-1.seg belongs to no job"), std::string::npos) << found.notes[1];
}

TEST(StoreCheck, TakesAJobThatIsForgottenWhileItIsReadForNoDamage) {
  TemporaryFolder folder;
  OpenStore store(folder.state());
  write_three_jobs(store);
  const auto inspection = Inspection::open(folder.state());
  ASSERT_TRUE(inspection);
  const auto job = (*inspection)->next_job(0);
  ASSERT_TRUE(job && *job);
  store.append(JobForgotten{kJob});
  ASSERT_TRUE(store.commit());
  JobCheck check(**inspection, **job);
  check.run();
  EXPECT_TRUE(check.forgotten());
  const Findings found = checked(folder.state());
  EXPECT_EQ(found.totals.damages, 0U);
  EXPECT_EQ(found.jobs.size(), 2U);
}

TEST(StoreCheck, RefusesWhatIsNoStateFolderAndNewerVersions) {
  TemporaryFolder folder;
  const auto nothing = check_store(folder.path(), {});
  ASSERT_FALSE(nothing);
  EXPECT_EQ(nothing.error().code, ErrorCode::not_found);
  EXPECT_NE(nothing.error().message.find("is no broker's state folder"), std::string::npos);
  {
    OpenStore store(folder.state());
    write_three_jobs(store);
  }
  run_sql(folder.state(), "PRAGMA user_version=99");
  const auto newer = check_store(folder.state(), {});
  ASSERT_FALSE(newer);
  EXPECT_EQ(newer.error().code, ErrorCode::conflict);
}

}  // namespace
}  // namespace brigade::broker
