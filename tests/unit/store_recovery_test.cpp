// What a broker finds of its last life.
#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <fstream>

#include "broker/store/payload_files.h"
#include "tests/unit/store_support.h"

namespace brigade::broker {
namespace {

TEST(StoreRecovery, RaisesTheEpochWithEveryOpening) {
  TemporaryFolder folder;
  for (std::uint64_t life = 1; life <= 3; ++life) {
    OpenStore store(folder.state());
    ASSERT_FALSE(store.error());
    EXPECT_EQ(store.recovered().epoch, life);
    EXPECT_TRUE(store.recovered().jobs.empty());
  }
}

TEST(StoreRecovery, FindsAnUnsealedUploadSoThatItCanResume) {
  TemporaryFolder folder;
  {
    OpenStore store(folder.state());
    store.append(JobOpened{.job = kJob, .spec = spec_named("upload"), .client = "c", .opened_at = {1}});
    store.append(chunk_of(kJob, 0, {0, 10}));
    store.append(chunk_of(kJob, 1, {10, 5}));
  }
  OpenStore again(folder.state());
  ASSERT_EQ(again.recovered().jobs.size(), 1U);
  const RecoveredJob& job = again.recovered().jobs[0];
  EXPECT_EQ(job.id, kJob);
  EXPECT_EQ(job.spec, spec_named("upload"));
  EXPECT_EQ(job.client, "c");
  EXPECT_FALSE(job.sealed);
  EXPECT_EQ(job.accepted_at, UtcMs{});
  EXPECT_EQ(job.tasks, 15U);
  EXPECT_EQ(job.chunks, 2U);
  again.append(chunk_of(kJob, 2, {15, 5}));
  again.append(JobSealed{.job = kJob, .tasks = 20, .hash = {9}, .accepted_at = {2}});
  ASSERT_TRUE(again.commit());
  ASSERT_TRUE(again->arguments(kJob, {0, 20}));
}

TEST(StoreRecovery, FindsARunningJobAsItWas) {
  TemporaryFolder folder;
  const AttemptsCounted first{.job = kJob, .run = {50, 2}, .trial = {1, 1, 0, 0, 0}, .lost_worker = {}};
  const AttemptsCounted second{.job = kJob, .run = {50, 1}, .trial = {2, 1, 3, 1, 16}, .lost_worker = "w3"};
  {
    OpenStore store(folder.state(), true);
    open_range(store, kJob, 100);
    store.append(first);
    for (const auto& block : three_blocks()) store.append(block);
    store.append(second);
  }
  OpenStore again(folder.state());
  ASSERT_EQ(again.recovered().jobs.size(), 1U);
  const RecoveredJob& job = again.recovered().jobs[0];
  EXPECT_TRUE(job.sealed);
  EXPECT_EQ(job.tasks, 100U);
  EXPECT_EQ(job.accepted_at, UtcMs{2});
  EXPECT_EQ(job.done.runs(), (Runs{{0, 13}, {20, 1}, {30, 6}}));
  EXPECT_EQ(job.failed.runs(), (Runs{{11, 2}, {30, 6}}));
  EXPECT_EQ(job.log_rows, 20U);
  std::array<std::uint64_t, kTaskStatuses> by_status{};
  by_status[static_cast<std::size_t>(TaskStatus::ok)] = 11;
  by_status[static_cast<std::size_t>(TaskStatus::dns)] = 1;
  by_status[static_cast<std::size_t>(TaskStatus::timeout)] = 1;
  by_status[static_cast<std::size_t>(TaskStatus::cancelled)] = 1;
  by_status[static_cast<std::size_t>(TaskStatus::internal)] = 6;
  EXPECT_EQ(job.by_status, by_status);
  EXPECT_EQ(job.attempts, (std::vector<AttemptsCounted>{first, second}));
  EXPECT_FALSE(job.finished);
}

TEST(StoreRecovery, FindsAFinishedJobWithItsSummaryAndFailures) {
  TemporaryFolder folder;
  JobSummary summary{.id = kJob, .name = "range", .kind = "echo", .state = JobState::done, .tasks = 20};
  summary.by_status[0] = 11;
  summary.visible_rows = 20;
  ContentHash hash{};
  hash.fill(0xAB);
  {
    OpenStore store(folder.state());
    store.append(JobOpened{.job = kOther, .spec = spec_named("first"), .client = "c", .opened_at = {1}});
    JobSpec spec = spec_named("range");
    spec.range = Arithmetic{.start = 0, .step = 1, .count = 20};
    store.append(JobOpened{.job = kJob, .spec = spec, .client = "c", .opened_at = {1}});
    store.append(JobSealed{.job = kJob, .tasks = 20, .hash = hash, .accepted_at = {2}});
    for (const auto& block : three_blocks()) store.append(block);
    store.append(JobFinished{.job = kJob, .summary = summary});
  }
  OpenStore again(folder.state());
  ASSERT_EQ(again.recovered().jobs.size(), 2U);
  EXPECT_EQ(again.recovered().jobs[0].id, kOther);  // in the order of their opening
  const RecoveredJob& job = again.recovered().jobs[1];
  ASSERT_TRUE(job.finished);
  EXPECT_EQ(*job.finished, summary);
  EXPECT_EQ(job.hash, hash);
  EXPECT_TRUE(job.done.empty());
  EXPECT_EQ(job.failed.runs(), (Runs{{11, 2}, {30, 6}}));
  EXPECT_EQ(job.by_status, summary.by_status);
  EXPECT_EQ(job.log_rows, 20U);
}

TEST(StoreRecovery, GoesOnInTheSameSegmentAfterWhatACrashLeftBehind) {
  TemporaryFolder folder;
  {
    OpenStore store(folder.state());
    open_range(store, kJob, 1000);
    store.append(block_of(kJob, 0, ok_outcomes({{0, 10}}, 2000)));
  }
  const auto names = segments(folder);
  ASSERT_EQ(names.size(), 1U);
  std::ofstream(segments_folder(folder.state()) / names[0], std::ios::app) << "half a rec";
  std::ofstream(segments_folder(folder.state()) / "77-1.seg") << "of a job that never was";
  OpenStore again(folder.state());
  again.append(block_of(kJob, 10, ok_outcomes({{10, 10}}, 2000)));
  ASSERT_TRUE(again.commit());
  again.close();
  OpenStore third(folder.state());
  EXPECT_EQ(positions(third->blocks(kJob, 0, kAll, false)), (Positions{0, 10}));
  EXPECT_EQ(segments(folder), names);
}

/// Appends one-task blocks until it is killed, and tells the pipe how many writes were acknowledged.
[[noreturn]] void append_until_killed(const std::filesystem::path& folder, std::uint64_t next, int pipe) {
  StoreSignals signals;
  signals.committed = [pipe](Sequence sequence) { require(::write(pipe, &sequence, sizeof(sequence)) > 0); };
  auto opened = open_store({.folder = folder, .sync = true, .signals = signals});
  require(static_cast<bool>(opened));
  for (std::uint64_t i = 1;; ++i, ++next)
    opened->store->append({i}, block_of(kJob, next, ok_outcomes({{next, 1}}, next % 700)));
}

TEST(StoreRecovery, KeepsWhatWasAcknowledgedWhenTheProcessIsKilled) {
  TemporaryFolder folder;
  {
    OpenStore store(folder.state());
    open_range(store, kJob, 100'000'000);
  }
  std::uint64_t rows = 0;
  for (std::uint64_t life = 1; life <= 4; ++life) {
    int ends[2];
    ASSERT_EQ(::pipe(ends), 0);
    const pid_t child = ::fork();
    ASSERT_GE(child, 0);
    if (child == 0) append_until_killed(folder.state(), rows, ends[1]);
    ::close(ends[1]);
    Sequence acknowledged;
    for (std::uint64_t i = 0; i < life; ++i) ASSERT_GT(::read(ends[0], &acknowledged, sizeof(acknowledged)), 0);
    ::kill(child, SIGKILL);
    ::waitpid(child, nullptr, 0);
    while (::read(ends[0], &acknowledged, sizeof(acknowledged)) > 0) {  // said before it died
    }
    ::close(ends[0]);
    OpenStore again(folder.state());
    ASSERT_FALSE(again.error()) << again.error()->message;
    const RecoveredJob& job = again.recovered().jobs.at(0);
    EXPECT_GE(job.log_rows, rows + acknowledged.value);
    rows = job.log_rows;
    EXPECT_EQ(job.done.runs(), (Runs{{0, rows}}));
  }
  OpenStore last(folder.state());
  const auto blocks = last->blocks(kJob, 0, kAll, false);
  ASSERT_TRUE(blocks) << blocks.error().message;
  ASSERT_EQ(blocks->size(), rows);
  for (std::uint64_t i = 0; i < rows; ++i) ASSERT_EQ((*blocks)[i].outcomes, ok_outcomes({{i, 1}}, i % 700));
}

}  // namespace
}  // namespace brigade::broker
