// What is written is what is read, in this life of the broker and in the next.
#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <fstream>
#include <random>

#include "broker/store/crc32c.h"
#include "broker/store/index.h"
#include "broker/store/pack.h"
#include "broker/store/payload_files.h"
#include "broker/store/record_cache.h"
#include "tests/unit/store_support.h"

namespace brigade::broker {
namespace {


std::vector<std::string> segments(const TemporaryFolder& folder) {
  std::vector<std::string> names;
  for (const auto& entry : std::filesystem::directory_iterator(segments_folder(folder.state())))
    names.push_back(entry.path().filename().string());
  std::sort(names.begin(), names.end());
  return names;
}

// ---- Parts -------------------------------------------------------------------------------------------------------

TEST(Crc32c, MatchesThePublishedCheckValueHoweverTheDataIsSplit) {
  const std::string_view text = "123456789";
  EXPECT_EQ(crc32c(text), 0xE306'9283U);
  for (std::size_t cut = 0; cut <= text.size(); ++cut)
    EXPECT_EQ(crc32c(text.substr(cut), crc32c(text.substr(0, cut))), 0xE306'9283U);
  EXPECT_EQ(crc32c(std::string(32, '\0')), 0x8A91'36AAU);  // RFC 3720, B.4
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

// ---- Writing and reading -----------------------------------------------------------------------------------------

TEST(Store, AcknowledgesInOrderUpToTheLastWrite) {
  TemporaryFolder folder;
  OpenStore store(folder.state(), true);
  ASSERT_FALSE(store.error());
  open_range(store, kJob, 1000);
  for (std::uint64_t i = 0; i < 100; ++i) store.append(block_of(kJob, i * 10, ok_outcomes({{i * 10, 10}})));
  ASSERT_TRUE(store.commit());
  const auto committed = store.listener().committed();
  EXPECT_EQ(committed.back(), store.sequence());
  EXPECT_TRUE(std::is_sorted(committed.begin(), committed.end()));
  EXPECT_EQ(std::adjacent_find(committed.begin(), committed.end()), committed.end());
  EXPECT_TRUE(store.listener().stalled().empty());
  EXPECT_TRUE(store.listener().failed().empty());
}

TEST(Store, KeepsItsFolderToItself) {
  TemporaryFolder folder;
  OpenStore store(folder.state());
  ASSERT_FALSE(store.error());
  struct stat facts {};
  ASSERT_EQ(::stat(folder.state().c_str(), &facts), 0);
  EXPECT_EQ(facts.st_mode & 0777, 0700U);
  ASSERT_EQ(::stat(index_file(folder.state()).c_str(), &facts), 0);
  EXPECT_EQ(facts.st_mode & 0777, 0600U);
}

/// Arguments are asked for within one chunk, across chunks, from memory and (after a restart) from the disk.
void expect_arguments(Store& store, std::uint64_t tasks) {
  for (const Run run : {Run{0, 1}, Run{0, 100}, Run{99, 2}, Run{150, 30}, Run{90, 150}, Run{0, tasks}}) {
    const auto stored = store.arguments(kJob, run);
    ASSERT_TRUE(stored) << stored.error().message;
    ValuesReader arguments(stored->arguments), labels(stored->labels);
    for (std::uint64_t task = run.first; task < run.end(); ++task) {
      ASSERT_EQ(arguments.next(), "argument " + std::to_string(task));
      ASSERT_EQ(labels.next(), "line " + std::to_string(task));
    }
  }
  const auto beyond = store.arguments(kJob, {tasks, 1});
  ASSERT_FALSE(beyond);
  EXPECT_EQ(beyond.error().code, ErrorCode::not_found);
  EXPECT_EQ(store.arguments(kOther, {0, 1}).error().code, ErrorCode::not_found);
}

TEST(Store, GivesBackArgumentsWithinAndAcrossChunks) {
  TemporaryFolder folder;
  {
    OpenStore store(folder.state(), true);
    store.append(JobOpened{.job = kJob, .spec = spec_named("columns"), .client = "c", .opened_at = {1}});
    for (std::uint64_t i = 0; i < 3; ++i) store.append(chunk_of(kJob, i, {i * 100, 100}));
    store.append(chunk_of(kJob, 3, {300, 20'000}));  // goes to a segment
    store.append(JobSealed{.job = kJob, .tasks = 20'300, .hash = {}, .accepted_at = {2}});
    ASSERT_TRUE(store.commit());
    expect_arguments(*store, 20'300);
    EXPECT_EQ(segments(folder).size(), 1U);
  }
  OpenStore again(folder.state());
  ASSERT_FALSE(again.error()) << again.error()->message;
  expect_arguments(*again, 20'300);
}

TEST(Store, SharesTheMemoryOfAChunkWithWhoAsksForAPartOfIt) {
  TemporaryFolder folder;
  OpenStore store(folder.state());
  const ChunkArrived chunk = chunk_of(kJob, 0, {0, 1000});
  store.append(JobOpened{.job = kJob, .spec = spec_named("columns"), .client = "c", .opened_at = {1}});
  store.append(chunk);
  ASSERT_TRUE(store.commit());
  const auto part = store->arguments(kJob, {500, 100});
  ASSERT_TRUE(part);
  EXPECT_EQ(part->arguments.blob.owner(), chunk.arguments.blob.owner());
}

std::vector<BlockAppended> three_blocks() {
  Outcomes mixed = ok_outcomes({{10, 3}, {20, 1}});
  mixed.status = Column<TaskStatus>::of({TaskStatus::ok, TaskStatus::dns, TaskStatus::timeout, TaskStatus::cancelled});
  Outcomes large = ok_outcomes({{30, 6}}, 50'000);  // goes to a segment
  large.status = Column<TaskStatus>(TaskStatus::internal);
  return {block_of(kJob, 0, ok_outcomes({{0, 10}})), block_of(kJob, 10, mixed), block_of(kJob, 14, large)};
}

void expect_blocks(Store& store, const std::vector<BlockAppended>& written) {
  const auto stored = store.blocks(kJob, 0, kAll, false);
  ASSERT_TRUE(stored) << stored.error().message;
  ASSERT_EQ(stored->size(), written.size());
  for (std::size_t i = 0; i < written.size(); ++i) {
    EXPECT_EQ((*stored)[i].position, written[i].position);
    EXPECT_EQ((*stored)[i].origin, written[i].origin);
    EXPECT_EQ((*stored)[i].outcomes, written[i].outcomes);
  }
}

TEST(Store, GivesBackBlocksFromMemoryAndFromTheDisk) {
  TemporaryFolder folder;
  const auto written = three_blocks();
  {
    OpenStore store(folder.state());
    open_range(store, kJob, 100);
    for (const auto& block : written) store.append(block);
    ASSERT_TRUE(store.commit());
    expect_blocks(*store, written);
  }
  OpenStore again(folder.state());
  ASSERT_FALSE(again.error()) << again.error()->message;
  expect_blocks(*again, written);  // from the disk
  expect_blocks(*again, written);  // as remembered
}

using Positions = std::vector<std::uint64_t>;

void expect_pages(Store& store) {
  EXPECT_EQ(positions(store.blocks(kJob, 0, 1, false)), (Positions{0}));
  EXPECT_EQ(positions(store.blocks(kJob, 9, 1, false)), (Positions{0}));  // in the middle of a block
  EXPECT_EQ(positions(store.blocks(kJob, 10, 1, false)), (Positions{10}));
  EXPECT_EQ(positions(store.blocks(kJob, 0, 250'000, false)), (Positions{0, 10, 14}));
  EXPECT_EQ(positions(store.blocks(kJob, 12, kAll, false)), (Positions{10, 14}));
  EXPECT_EQ(positions(store.blocks(kJob, 19, kAll, false)), (Positions{14}));
  EXPECT_EQ(positions(store.blocks(kJob, 20, kAll, false)), (Positions{}));
  EXPECT_EQ(positions(store.blocks(kJob, 0, kAll, true)), (Positions{10, 14}));
  EXPECT_EQ(positions(store.blocks(kJob, 0, 1, true)), (Positions{10}));
  EXPECT_EQ(positions(store.blocks(kJob, 13, kAll, true)), (Positions{10, 14}));
  EXPECT_EQ(positions(store.blocks(kJob, 14, kAll, true)), (Positions{14}));
  EXPECT_EQ(positions(store.blocks(kJob, 20, kAll, true)), (Positions{}));
}

TEST(Store, PagesThroughTheLogByRowAndBytesAndFailure) {
  TemporaryFolder folder;
  {
    OpenStore store(folder.state());
    open_range(store, kJob, 100);
    for (const auto& block : three_blocks()) store.append(block);
    ASSERT_TRUE(store.commit());
    expect_pages(*store);
    EXPECT_EQ(store->blocks(kOther, 0, 1, false).error().code, ErrorCode::not_found);
  }
  OpenStore again(folder.state());
  expect_pages(*again);
}

TEST(Store, ReadsWhatCountsBeforeItIsWrittenWhereNothingIsSynced) {
  TemporaryFolder folder;
  OpenStore store(folder.state(), false);
  open_range(store, kJob, 100);
  for (const auto& block : three_blocks()) EXPECT_TRUE(store.append(block));
  expect_pages(*store);
  const auto found = store->blocks_with(kJob, {0, 100});
  ASSERT_TRUE(found);
  EXPECT_EQ(found->size(), three_blocks().size());
  ASSERT_TRUE(store.commit());
  expect_pages(*store);
}

TEST(Store, CountsNothingBeforeItIsWrittenWhereItSyncs) {
  TemporaryFolder folder;
  OpenStore store(folder.state(), true);
  EXPECT_FALSE(store.append(JobOpened{.job = kJob, .spec = {}, .client = "someone", .opened_at = {1}}));
  ASSERT_TRUE(store.commit());
}

TEST(Store, ReadsAllThatWasWrittenWhetherOrNotItCountedAtOnce) {
  TemporaryFolder folder;
  OpenStore store(folder.state(), false);
  open_range(store, kJob, 1000);
  std::uint64_t position = 0;
  bool counts = true;
  while (counts && position < 100) {  // each of a mebibyte
    Outcomes outcomes = ok_outcomes({{position, 1}});
    outcomes.values = {.sizes = Column<std::uint32_t>(1u << 20), .blob = Bytes::of(std::string(1u << 20, 'x'))};
    counts = store.append(block_of(kJob, position++, std::move(outcomes)));
  }
  ASSERT_TRUE(store.commit());
  const auto all = store->blocks(kJob, 0, std::uint64_t{1} << 40, false);
  ASSERT_TRUE(all);
  EXPECT_EQ(all->size(), position);
}

// ---- By task -----------------------------------------------------------------------------------------------------

/// A seeded log of scattered, overlapping blocks: runs of a small window each, in any order, and a few over everything.
std::vector<BlockAppended> scattered_blocks(std::uint64_t tasks) {
  std::mt19937_64 random(20'240'117);
  std::vector<std::uint64_t> left(tasks);
  for (std::uint64_t task = 0; task < tasks; ++task) left[task] = task;
  std::vector<BlockAppended> blocks;
  std::uint64_t position = 0;
  while (!left.empty()) {
    const bool wide = random() % 40 == 0;
    const std::uint64_t start = wide ? 0 : random() % left.size();
    const std::uint64_t window = std::min<std::uint64_t>(left.size() - start, wide ? left.size() : 1 + random() % 200);
    std::vector<std::uint64_t> picked;
    for (std::uint64_t i = start; i < start + window; ++i)
      if (random() % (wide ? 50 : 3) == 0 || picked.empty()) picked.push_back(left[i]);
    std::erase_if(left, [&](std::uint64_t task) { return std::binary_search(picked.begin(), picked.end(), task); });
    std::shuffle(picked.begin(), picked.end(), random);
    Runs runs;
    for (const std::uint64_t task : picked) runs.push_back({task, 1});
    blocks.push_back(block_of(kJob, position, ok_outcomes(runs)));
    position += picked.size();
  }
  return blocks;
}

Positions brute_force(const std::vector<BlockAppended>& blocks, Run run) {
  Positions found;
  for (const BlockAppended& block : blocks)
    if (std::any_of(block.outcomes.runs.begin(), block.outcomes.runs.end(),
                    [run](const Run& part) { return intersection(part, run).has_value(); }))
      found.push_back(block.position);
  return found;
}

void expect_same_as_brute_force(Store& store, const std::vector<BlockAppended>& blocks, std::uint64_t tasks) {
  std::mt19937_64 random(7);
  for (int i = 0; i < 200; ++i) {
    const std::uint64_t first = random() % tasks;
    const Run run{first, 1 + random() % (i % 3 == 0 ? 3 : 400)};
    ASSERT_EQ(positions(store.blocks_with(kJob, run)), brute_force(blocks, run)) << first << " " << run.count;
  }
  EXPECT_EQ(positions(store.blocks_with(kJob, {0, tasks})), brute_force(blocks, {0, tasks}));
  EXPECT_EQ(positions(store.blocks_with(kJob, {tasks, 10})), Positions{});
  EXPECT_EQ(positions(store.blocks_with(kJob, {0, 0})), Positions{});
}

TEST(Store, FindsTheBlocksOfAnyRunAsABruteForceSearchDoes) {
  constexpr std::uint64_t kTasks = 10'000;
  TemporaryFolder folder;
  const auto blocks = scattered_blocks(kTasks);
  {
    OpenStore store(folder.state());
    open_range(store, kJob, kTasks);
    for (std::size_t i = 0; i < blocks.size() / 2; ++i) store.append(blocks[i]);
    ASSERT_TRUE(store.commit());
  }
  OpenStore again(folder.state());
  for (std::size_t i = blocks.size() / 2; i < blocks.size(); ++i) again.append(blocks[i]);
  ASSERT_TRUE(again.commit());
  expect_same_as_brute_force(*again, blocks, kTasks);
  EXPECT_EQ(positions(again->blocks_with(kJob, {5, 1})).size(), 1U);
}

TEST(Store, FindsACancellationThatSpansTheWholeJob) {
  TemporaryFolder folder;
  OpenStore store(folder.state());
  open_range(store, kJob, 100'000'000);
  store.append(block_of(kJob, 0, ok_outcomes({{500, 1}})));
  Outcomes cancelled{.runs = {{0, 500}, {501, 99'999'499}}, .status = Column<TaskStatus>(TaskStatus::cancelled)};
  store.append(block_of(kJob, 1, cancelled));
  ASSERT_TRUE(store.commit());
  EXPECT_EQ(positions(store->blocks_with(kJob, {70'000'000, 1})), (Positions{1}));
  EXPECT_EQ(positions(store->blocks_with(kJob, {500, 1})), (Positions{0}));
  EXPECT_EQ(positions(store->blocks_with(kJob, {499, 2})), (Positions{0, 1}));
}

// ---- Recovery ----------------------------------------------------------------------------------------------------

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

// ---- Forgetting --------------------------------------------------------------------------------------------------

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
  EXPECT_EQ(positions(store->blocks_with(kJob, {0, 5})), Positions{});
  EXPECT_EQ(positions(store->blocks_with(kJob, {0, 6})), Positions{0});
}

}  // namespace
}  // namespace brigade::broker
