// What is written is what is read, in this life of the broker and in the next.
#include <sys/stat.h>

#include <algorithm>
#include <fstream>
#include <random>

#include "broker/store/index.h"
#include "broker/store/payload_files.h"
#include "tests/unit/store_support.h"

namespace brigade::broker {
namespace {

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
  const auto found = store->blocks_with(kJob, {0, 100}, kAll);
  ASSERT_TRUE(found);
  EXPECT_EQ(found->size(), three_blocks().size());
  ASSERT_TRUE(store.commit());
  expect_pages(*store);
}

/// A block with one value, which is too large to be read at once.
BlockAppended large_block() {
  std::string value(kWholeValueMax + 3 * (std::uint64_t{1} << 20) + 5, '\0');
  for (std::size_t i = 0; i < value.size(); ++i) value[i] = static_cast<char>(i * 7 + i / 4096);
  ValuesBuilder values;
  values.add(value);
  return block_of(kJob, 0, {.runs = {{7, 1}}, .values = values.take()});
}

/// All of a value that was left out, read in parts.
std::string read_parts(Store& store, const StoredBlock& block, std::uint64_t bytes_max) {
  std::string value;
  while (value.size() < block.left_out) {
    const auto part =
        store.part(kJob, block.position, value.size(), std::min(bytes_max, block.left_out - value.size()));
    if (!part || part->empty()) return part ? "an empty part" : part.error().message;
    value += part->view();
  }
  return value;
}

void expect_in_parts(Store& store, const BlockAppended& written) {
  const std::string value(written.outcomes.values.blob.view());
  const auto in_log = store.blocks(kJob, 0, kAll, false);
  const auto by_task = store.blocks_with(kJob, {0, 100}, kAll);
  for (const auto* found : {&in_log, &by_task}) {
    ASSERT_TRUE(*found) << found->error().message;
    ASSERT_EQ((*found)->size(), 1U);
    const StoredBlock& block = (*found)->front();
    EXPECT_EQ(block.left_out, value.size());
    EXPECT_TRUE(block.outcomes.values.blob.empty());
    EXPECT_EQ(block.outcomes.runs, written.outcomes.runs);
    EXPECT_TRUE(read_parts(store, block, 1'000'003) == value);
  }
  EXPECT_EQ(store.part(kJob, 0, 0, value.size() + 1).error().code, ErrorCode::invalid);
  EXPECT_EQ(store.part(kJob, 0, value.size() + 1, 0).error().code, ErrorCode::invalid);
}

TEST(Store, LeavesOutLargeValuesAndGivesThemInParts) {
  TemporaryFolder folder;
  OpenStore store(folder.state());
  open_range(store, kJob, 100);
  const BlockAppended written = large_block();
  (void)store.append(written);
  ASSERT_TRUE(store.commit());
  expect_in_parts(*store, written);  // from memory
  store.close();
  OpenStore again(folder.state());
  expect_in_parts(*again, written);  // from the disk
}

TEST(Store, ShowsNothingOfALargeValueThatIsDamagedAtItsEnd) {
  TemporaryFolder folder;
  OpenStore store(folder.state());
  open_range(store, kJob, 100);
  (void)store.append(large_block());
  ASSERT_TRUE(store.commit());
  const auto file = segments_folder(folder.state()) / segments(folder).front();
  {
    std::fstream stream(file, std::ios::in | std::ios::out | std::ios::binary);
    stream.seekp(-1, std::ios::end);
    stream.put('!');
  }
  store.close();
  OpenStore again(folder.state());
  EXPECT_EQ(again->part(kJob, 0, 0, 1).error().code, ErrorCode::storage);
}

TEST(Store, ReadsOnlyAsManyBlocksOfARunAsAreWanted) {
  TemporaryFolder folder;
  OpenStore store(folder.state());
  open_range(store, kJob, 100);
  for (std::uint64_t task = 0; task < 4; ++task) {
    ValuesBuilder values;
    values.add(std::string(100'000, 'v'));
    (void)store.append(block_of(kJob, task, {.runs = {{3 - task, 1}}, .values = values.take()}));
  }
  ASSERT_TRUE(store.commit());
  store.close();
  OpenStore again(folder.state());
  EXPECT_EQ(positions(again->blocks_with(kJob, {0, 100}, 150'000)), (Positions{2, 3}));  // tasks 1 and 0
  EXPECT_EQ(positions(again->blocks_with(kJob, {1, 100}, 1)), (Positions{2}));
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
    ASSERT_EQ(positions(store.blocks_with(kJob, run, kAll)), brute_force(blocks, run)) << first << " " << run.count;
  }
  EXPECT_EQ(positions(store.blocks_with(kJob, {0, tasks}, kAll)), brute_force(blocks, {0, tasks}));
  EXPECT_EQ(positions(store.blocks_with(kJob, {tasks, 10}, kAll)), Positions{});
  EXPECT_EQ(positions(store.blocks_with(kJob, {0, 0}, kAll)), Positions{});
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
  EXPECT_EQ(positions(again->blocks_with(kJob, {5, 1}, kAll)).size(), 1U);
}

TEST(Store, FindsACancellationThatSpansTheWholeJob) {
  TemporaryFolder folder;
  OpenStore store(folder.state());
  open_range(store, kJob, 100'000'000);
  store.append(block_of(kJob, 0, ok_outcomes({{500, 1}})));
  Outcomes cancelled{.runs = {{0, 500}, {501, 99'999'499}}, .status = Column<TaskStatus>(TaskStatus::cancelled)};
  store.append(block_of(kJob, 1, cancelled));
  ASSERT_TRUE(store.commit());
  EXPECT_EQ(positions(store->blocks_with(kJob, {70'000'000, 1}, kAll)), (Positions{1}));
  EXPECT_EQ(positions(store->blocks_with(kJob, {500, 1}, kAll)), (Positions{0}));
  EXPECT_EQ(positions(store->blocks_with(kJob, {499, 2}, kAll)), (Positions{0, 1}));
}

}  // namespace
}  // namespace brigade::broker
