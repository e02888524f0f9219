// The store alone: blocks of results written and committed, with and without syncing.
#include <benchmark/benchmark.h>

#include <stdlib.h>

#include <atomic>
#include <filesystem>

#include "broker/store/sqlite_store.h"

namespace brigade::broker {
namespace {

constexpr JobId kJob{.high = 1, .low = 2};

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

}  // namespace
}  // namespace brigade::broker
