// An export is all that can be read, and says what cannot.
#include <algorithm>
#include <fstream>
#include <set>

#include "broker/store/commit_mark.h"
#include "broker/store/export.h"
#include "broker/store/index.h"
#include "broker/store/payload_files.h"
#include "tests/unit/store_support.h"

namespace brigade::broker {
namespace {

namespace fs = std::filesystem;

struct Exported {
  std::vector<JobSummary> jobs;
  std::set<std::uint64_t> tasks;             ///< with a result
  std::set<std::uint64_t> without_argument;  ///< of them
  std::vector<std::string> damages, notes;
  std::uint64_t found = 0;
};

/// Checks each value and argument that comes.
void take_rows(const ExportedResults& part, Exported& exported) {
  ValuesReader values(part.rows.outcomes.values), arguments(part.rows.arguments), labels(part.rows.labels);
  for (const Run& run : part.rows.outcomes.runs) {
    for (std::uint64_t task = run.first; task < run.end(); ++task) {
      EXPECT_TRUE(exported.tasks.insert(task).second);
      EXPECT_TRUE(values.next().starts_with("answer " + std::to_string(task)));
      if (!part.has_arguments) {
        exported.without_argument.insert(task);
        continue;
      }
      EXPECT_EQ(arguments.next(), "argument " + std::to_string(task));
      EXPECT_EQ(labels.next(), "line " + std::to_string(task));
    }
  }
}

Exported export_all(const fs::path& folder, bool results = true) {
  Exported exported;
  ExportSink sink{.wants = [](const JobOpened&) { return true; },
                  .job = [&](const JobOpened&, const JobSummary& job) { exported.jobs.push_back(job); },
                  .results = {},
                  .damage = [&](const Damage& damage) { exported.damages.push_back(damage.what); },
                  .note = [&](const std::string& note) { exported.notes.push_back(note); }};
  if (results) sink.results = [&](const ExportedResults& part) { take_rows(part, exported); };
  const auto found = export_store(folder, sink);
  EXPECT_TRUE(found) << (found ? "" : found.error().message);
  if (found) exported.found = *found;
  return exported;
}

/// A job of two chunks and three blocks, the second chunk and the third block in a segment; and an upload.
void write_job_and_upload(OpenStore& store) {
  store.append(JobOpened{.job = kJob, .spec = spec_named("columns"), .client = "c", .opened_at = {1}});
  store.append(chunk_of(kJob, 0, {0, 20}));
  store.append(chunk_of(kJob, 1, {20, 1000}));
  store.append(JobSealed{.job = kJob, .tasks = 1020, .hash = {}, .accepted_at = {2}});
  store.append(block_of(kJob, 0, ok_outcomes({{5, 2}, {18, 1}})));
  store.append(block_of(kJob, 3, ok_outcomes({{19, 2}})));
  store.append(block_of(kJob, 5, ok_outcomes({{0, 5}, {100, 5}}, 1000)));
  store.append(JobOpened{.job = kOther, .spec = spec_named("upload"), .client = "c", .opened_at = {1}});
  ASSERT_TRUE(store.commit());
}

const std::set<std::uint64_t> kExported{0, 1, 2, 3, 4, 5, 6, 18, 19, 20, 100, 101, 102, 103, 104};

TEST(StoreExport, GivesEveryResultWithItsArgumentBesideABrokerAndWithoutOne) {
  TemporaryFolder folder;
  {
    OpenStore store(folder.state());
    write_job_and_upload(store);
    EXPECT_EQ(export_all(folder.state()).tasks, kExported);
  }
  const Exported exported = export_all(folder.state());
  EXPECT_EQ(exported.tasks, kExported);
  EXPECT_TRUE(exported.without_argument.empty());
  EXPECT_EQ(exported.found, 0U);
  ASSERT_EQ(exported.jobs.size(), 1U);
  EXPECT_EQ(exported.jobs[0].id, kJob);
  EXPECT_EQ(exported.jobs[0].tasks, 1020U);
  EXPECT_EQ(exported.jobs[0].ok, kExported.size());
  EXPECT_EQ(exported.jobs[0].state, JobState::running);
  EXPECT_EQ(exported.jobs[0].submitted_at, UtcMs{2});
  ASSERT_EQ(exported.notes.size(), 1U);
  EXPECT_NE(exported.notes[0].find("was never sealed"), std::string::npos);
  const Exported jobs = export_all(folder.state(), false);
  EXPECT_EQ(jobs.jobs, exported.jobs);
  EXPECT_TRUE(jobs.tasks.empty());
}

TEST(StoreExport, GivesTheSummaryOfAFinishedJobAsItWasWritten) {
  TemporaryFolder folder;
  OpenStore store(folder.state());
  open_range(store, kJob, 2);
  store.append(block_of(kJob, 0, ok_outcomes({{0, 2}})));
  JobSummary summary{.id = kJob, .name = "range", .kind = "echo", .state = JobState::done, .tasks = 2, .ok = 2};
  summary.by_status[0] = summary.visible_rows = 2;
  store.append(JobFinished{.job = kJob, .summary = summary});
  ASSERT_TRUE(store.commit());
  EXPECT_EQ(export_all(folder.state(), false).jobs, std::vector<JobSummary>{summary});
}

TEST(StoreExport, LeavesOutWhatIsDamagedAndNothingElse) {
  TemporaryFolder folder;
  {
    OpenStore store(folder.state());
    write_job_and_upload(store);
  }
  const auto segment = segment_file(segments_folder(folder.state()), 1, 1);
  fs::resize_file(segment, fs::file_size(segment) - 1);  // the end of the third block
  Exported exported = export_all(folder.state());
  EXPECT_EQ(exported.tasks, (std::set<std::uint64_t>{5, 6, 18, 19, 20}));
  EXPECT_TRUE(exported.without_argument.empty());
  EXPECT_EQ(exported.found, 1U);
  ASSERT_EQ(exported.damages.size(), 1U);
  EXPECT_NE(exported.damages[0].find("is cut short"), std::string::npos) << exported.damages[0];

  fs::remove(segment);  // the second chunk too: the result of task 20 stays, told once
  exported = export_all(folder.state());
  EXPECT_EQ(exported.tasks, (std::set<std::uint64_t>{5, 6, 18, 19, 20}));
  EXPECT_EQ(exported.without_argument, (std::set<std::uint64_t>{19, 20}));
  EXPECT_EQ(exported.found, 1U);  // one file
}

TEST(StoreExport, GoesPastDamagedRowsAndLostCommits) {
  TemporaryFolder folder;
  {
    OpenStore store(folder.state());
    write_job_and_upload(store);
    open_range(store, {5, 6}, 10);
  }
  {
    auto database = Database::open(index_file(folder.state()), Access::read_write);
    ASSERT_TRUE(database);
    ASSERT_FALSE(
        (*database)->run("UPDATE blocks SET packed=zeroblob(9) WHERE position=3;"
                         "UPDATE jobs SET opened=zeroblob(9) WHERE number=2"));
  }
  fs::remove(commit_mark_file(folder.state()));
  const Exported exported = export_all(folder.state());
  EXPECT_EQ(exported.tasks.size(), kExported.size() - 2);
  EXPECT_EQ(exported.jobs.size(), 2U);
  EXPECT_EQ(exported.jobs[0].ok, kExported.size() - 2);
  EXPECT_EQ(exported.found, 3U);
  EXPECT_EQ(export_all(folder.state(), false).found, 3U);
}

TEST(StoreExport, GivesOnlyTheJobsThatAreWanted) {
  TemporaryFolder folder;
  OpenStore store(folder.state());
  write_job_and_upload(store);
  std::vector<JobId> asked;
  const auto found = export_store(folder.state(), {.wants =
                                                       [&](const JobOpened& job) {
                                                         asked.push_back(job.job);
                                                         return false;
                                                       },
                                                   .job = [](const JobOpened&, const JobSummary&) { FAIL(); },
                                                   .results = [](const ExportedResults&) { FAIL(); },
                                                   .damage = [](const Damage&) { FAIL(); },
                                                   .note = [](const std::string&) { FAIL(); }});
  EXPECT_TRUE(found);
  EXPECT_EQ(asked, (std::vector<JobId>{kJob, kOther}));
}

}  // namespace
}  // namespace brigade::broker
