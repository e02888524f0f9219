// The store alone: blocks of results written and committed, with and without syncing.
#include <benchmark/benchmark.h>

#include <stdlib.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <filesystem>

#include "broker/core/broker.h"
#include "broker/store/sqlite_store.h"

namespace brigade::broker {
namespace {

constexpr JobId kJob{.high = 1, .low = 2};

double seconds_since(std::chrono::steady_clock::time_point begin) {
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
}

/// A store in a folder of its own, with one job of a range.
class World {
 public:
  explicit World(bool sync) {
    std::string name = (std::filesystem::temp_directory_path() / "brigade-bench-XXXXXX").string();
    if (mkdtemp(name.data()) == nullptr) return;
    folder_ = name;
    auto opened =
        open_store({.folder = folder_ / "state", .sync = sync, .signals = {.committed = [this](Sequence done) {
                                                                 committed_ = done.value;
                                                                 committed_.notify_one();
                                                               }}});
    if (!opened) return;
    store_ = std::move(opened->store);
    JobSpec spec{.kind = "noop"};
    spec.range = Arithmetic{.start = 0, .step = 1, .count = std::uint64_t{1} << 40};
    append(JobOpened{.job = kJob, .spec = spec});
    append(JobSealed{.job = kJob, .tasks = spec.range->count});
  }
  ~World() {
    store_.reset();
    std::error_code ignored;
    if (!folder_.empty()) std::filesystem::remove_all(folder_, ignored);
  }
  bool ready() const { return store_ != nullptr; }

  void append(Write write) { store_->append({++sequence_}, std::move(write)); }
  void wait() {
    for (std::uint64_t done = committed_; done < sequence_; done = committed_) committed_.wait(done);
  }
  /// A job of so many blocks, with results of so many bytes each.
  void fill(JobId job, std::uint64_t blocks, std::uint64_t block_bytes) {
    JobSpec spec{.kind = "noop"};
    spec.range = Arithmetic{.start = 0, .step = 1, .count = blocks};
    append(JobOpened{.job = job, .spec = spec});
    append(JobSealed{.job = job, .tasks = blocks});
    for (std::uint64_t i = 0; i < blocks; ++i) {
      Outcomes outcomes{.runs = {{i, 1}}};
      outcomes.values = {.sizes = Column<std::uint32_t>(static_cast<std::uint32_t>(block_bytes)),
                         .blob = Bytes::of(std::string(block_bytes, 'x'))};
      append(BlockAppended{job, i, Origin{.worker = "w1", .attempts = 1}, std::move(outcomes)});
      if (i % 1000 == 999) wait();
    }
    wait();
  }
  double index_bytes() const {
    return static_cast<double>(std::filesystem::file_size(folder_ / "state" / "index.sqlite"));
  }
  void append_block(std::uint64_t tasks) {
    Outcomes outcomes{.runs = {{position_, tasks}}};
    outcomes.values = {.sizes = Column<std::uint32_t>(8), .blob = Bytes::of(std::string(8 * tasks, 'x'))};
    append(BlockAppended{kJob, position_, Origin{.worker = "w1", .attempts = 1}, std::move(outcomes)});
    position_ += tasks;
  }

 private:
  std::filesystem::path folder_;
  std::atomic<std::uint64_t> committed_ = 0;
  std::unique_ptr<Store> store_;
  std::uint64_t sequence_ = 0;
  std::uint64_t position_ = 0;
};

/// Sixteen blocks at a time, and then until all are on disk.
void Blocks(benchmark::State& state) {
  constexpr int kAtOnce = 16;
  World world(state.range(1) == 1);
  if (!world.ready()) return state.SkipWithError("no store");
  for (auto _ : state) {
    for (int i = 0; i < kAtOnce; ++i) world.append_block(static_cast<std::uint64_t>(state.range(0)));
    world.wait();
  }
  state.SetItemsProcessed(state.iterations() * kAtOnce * state.range(0));
}
BENCHMARK(Blocks)->ArgNames({"tasks", "sync"})->ArgsProduct({{1, 1000, 65'536}, {1}})->UseRealTime();

// ---- Forgetting --------------------------------------------------------------------------------------------------

/// One block after another of a job that stays, each waited for, while another job is forgotten: the longest wait.
void Forgetting(benchmark::State& state) {
  constexpr JobId kGoes{.high = 3, .low = 4};
  const auto blocks = static_cast<std::uint64_t>(state.range(0));
  const auto block_bytes = static_cast<std::uint64_t>(state.range(1));
  double before_s = 0, longest_s = 0;
  for (auto _ : state) {
    World world(true);
    if (!world.ready()) return state.SkipWithError("no store");
    world.fill(kGoes, blocks, block_bytes);
    const auto longest_of = [&](int commits) {
      double longest = 0;
      for (int i = 0; i < commits; ++i) {
        const auto begin = std::chrono::steady_clock::now();
        world.append_block(100);
        world.wait();
        longest = std::max(longest, seconds_since(begin));
      }
      return longest;
    };
    before_s = longest_of(1000);
    const auto begin = std::chrono::steady_clock::now();
    world.append(JobForgotten{kGoes});
    longest_s = longest_of(1000);
    state.SetIterationTime(seconds_since(begin));
    state.counters["index_MiB"] = world.index_bytes() / 1048576.0;
  }
  state.counters["longest_before_ms"] = 1000 * before_s;
  state.counters["longest_ms"] = 1000 * longest_s;
}
BENCHMARK(Forgetting)
    ->ArgNames({"blocks", "bytes"})
    ->Args({100, 100'000})
    ->Args({1024, 1 << 20})
    ->Args({500'000, 32})
    ->UseManualTime()
    ->Iterations(1)
    ->Unit(benchmark::kMillisecond);

// ---- Recovery ----------------------------------------------------------------------------------------------------

/// A folder with an unfinished job: twice as many tasks with arguments as there are blocks, each of one task.
/// Scattered: every second task is done, the worst that the done set can be.
class Unfinished {
 public:
  Unfinished(std::uint64_t blocks, bool scattered) {
    std::string name = (std::filesystem::temp_directory_path() / "brigade-bench-XXXXXX").string();
    if (mkdtemp(name.data()) == nullptr) return;
    folder_ = name;
    auto opened = open();
    if (!opened) return;
    std::uint64_t sequence = 0;
    const auto append = [&](Write write) { opened->store->append({++sequence}, std::move(write)); };
    append(JobOpened{.job = kJob, .spec = JobSpec{.kind = "echo"}});
    const Run chunk{0, std::min<std::uint64_t>(10'000, 2 * blocks)};
    for (std::uint64_t first = 0; first < 2 * blocks; first += chunk.count) {
      const Values arguments{.sizes = Column<std::uint32_t>(32), .blob = Bytes::of(std::string(32 * chunk.count, 'x'))};
      append(ChunkArrived{kJob, first / chunk.count, {first, chunk.count}, arguments, {}});
    }
    append(JobSealed{.job = kJob, .tasks = 2 * blocks});
    for (std::uint64_t i = 0; i < blocks; ++i) {
      Outcomes outcomes{.runs = {{scattered ? 2 * i : i, 1}}};
      outcomes.values = {.sizes = Column<std::uint32_t>(32), .blob = Bytes::of(std::string(32, 'x'))};
      append(BlockAppended{kJob, i, Origin{.worker = "w1", .attempts = 1}, std::move(outcomes)});
    }
    ready_ = true;
  }
  ~Unfinished() {
    std::error_code ignored;
    if (!folder_.empty()) std::filesystem::remove_all(folder_, ignored);
  }
  Result<OpenedStore> open() const { return open_store({.folder = folder_ / "state", .sync = false, .signals = {}}); }
  bool ready() const { return ready_; }

 private:
  std::filesystem::path folder_;
  bool ready_ = false;
};

/// From nothing to a broker that could serve.
void Recovery(benchmark::State& state) {
  const auto blocks = static_cast<std::uint64_t>(state.range(0));
  const Unfinished folder(blocks, state.range(1) == 1);
  if (!folder.ready()) return state.SkipWithError("no store");
  double core_s = 0;
  for (auto _ : state) {
    const auto begin = std::chrono::steady_clock::now();
    auto opened = folder.open();
    if (!opened || opened->recovered.jobs.at(0).done.count() != blocks) return state.SkipWithError("not recovered");
    const double opened_s = seconds_since(begin);
    Broker core{Settings{}};
    Commands commands;
    core.on(Started{.recovered = std::move(opened->recovered)}, Now{}, commands);
    core_s += seconds_since(begin) - opened_s;
    state.SetIterationTime(seconds_since(begin));
  }
  state.SetItemsProcessed(state.iterations() * state.range(0));
  state.counters["of_it_core_ms"] = benchmark::Counter(1000 * core_s, benchmark::Counter::kAvgIterations);
}
BENCHMARK(Recovery)
    ->ArgNames({"blocks", "scattered"})
    ->ArgsProduct({{1000, 500'000}, {0, 1}})
    ->UseManualTime()
    ->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace brigade::broker
