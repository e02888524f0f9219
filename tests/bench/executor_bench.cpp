// The thread pool alone: from a lease to the outcomes of its tasks, which do nothing.
#include <benchmark/benchmark.h>

#include "tests/support/executors.h"
#include "worker/exec/thread_pool.h"
#include "worker/kinds/table.h"

namespace brigade::worker {
namespace {

void NoopsOnThreads(benchmark::State& state) {
  auto offered = kinds({}, {"noop"});
  if (!offered) return state.SkipWithError(offered.error().message.c_str());
  Outbox outbox;
  ThreadPool pool(*offered, outbox, {.threads = static_cast<std::uint32_t>(state.range(1))});
  std::uint64_t lease = 0;
  for (auto _ : state) {
    const auto tasks = static_cast<std::uint64_t>(state.range(0));
    pool.start(test::range_work(++lease, "noop", {0, tasks}));
    for (std::uint64_t done = 0; done < tasks;) {
      std::vector<Finished> finished = outbox.collect();
      for (const Finished& block : finished) {
        done += block.outcomes.count();
        pool.release(weight_of(block.outcomes));
      }
      pollfd waiting{.fd = outbox.fd(), .events = POLLIN, .revents = 0};
      if (finished.empty()) ::poll(&waiting, 1, -1);
    }
  }
  state.SetItemsProcessed(state.iterations() * state.range(0));
}
BENCHMARK(NoopsOnThreads)
    ->ArgNames({"tasks", "threads"})
    ->Args({1, 1})
    ->Args({65'536, 1})
    ->Args({65'536, 2})
    ->UseRealTime();

}  // namespace
}  // namespace brigade::worker
