// brigade-worker: sets up the kinds, the executors and the loop.
#include <signal.h>
#include <unistd.h>

#include <cstdio>

#include "proto/base/file_limit.h"
#include "proto/base/log.h"
#include "proto/base/memory.h"
#include "proto/base/service_flags.h"
#include "proto/base/version.h"
#include "worker/exec/io_loop.h"
#include "worker/exec/thread_pool.h"
#include "worker/loop.h"
#include "worker/options.h"

namespace brigade::worker {
namespace {
namespace log = base::log;

constexpr int kExitFailure = 1;

Started first_event(const Options& options, const std::vector<Kind>& kinds) {
  WorkerHello self{.instance = InstanceId{base::random_u64()},
                   .name = options.name,
                   .host = base::host_name(),
                   .version = std::string(base::version()),
                   .pid = static_cast<std::uint32_t>(::getpid()),
                   .slots = {options.threads, options.io_concurrency}};
  for (const Kind& kind : kinds) self.kinds.push_back(kind.offer());
  return {.seed = base::random_u64(),
          .self = std::move(self),
          .drain_limit = options.drain,
          .idle_limit = options.idle_timeout};
}

int run(const Options& options) {
  base::SignalFd signals({SIGTERM, SIGINT, SIGHUP});  // before any thread
  if (const auto enough = check_files(options, base::raise_file_limit()); !enough) {
    std::fprintf(stderr, "brigade-worker: %s\n", enough.error().message.c_str());
    return base::kExitUsage;
  }
  auto offered = kinds(options.settings, options.kinds);
  if (!offered) {
    std::fprintf(stderr, "brigade-worker: %s\n", offered.error().message.c_str());
    return base::kExitUsage;
  }
  Outbox from_threads, from_loop;
  PermitGate gate;
  MemoryBudget budget(options.settings.memory);
  MemoryBudget* const memory = options.settings.memory > 0 ? &budget : nullptr;
  ThreadPool pool(*offered, from_threads,
                  {.threads = options.threads, .time_limit = options.time_limit, .memory = memory, .gate = &gate});
  IoLoop io(*offered, from_loop,
            {.threads = options.io_threads,
             .concurrency = options.io_concurrency,
             .time_limit = options.time_limit,
             .memory = memory,
             .gate = &gate});
  log::info("worker {}: {} threads, {} transfers, broker {}", options.name, options.threads, options.io_concurrency,
            options.broker);
  Loop loop({options.broker, {Loop::Side{&pool, &from_threads}, Loop::Side{&io, &from_loop}}, gate, signals});
  const auto ended = loop.run(first_event(options, *offered));
  if (ended) {
    log::info("drained, leaving");
    return 0;
  }
  log::error("{}", ended.error().message);
  return kExitFailure;
}

}  // namespace
}  // namespace brigade::worker

int main(int argc, char** argv) {
  auto options = brigade::worker::read_options(argc, argv);
  if (const int* exit = std::get_if<int>(&options)) return *exit;
  const auto& read = std::get<brigade::worker::Options>(options);
  if (const auto ready = brigade::base::log::init(read.log_level); !ready) {
    std::fprintf(stderr, "brigade-worker: %s\n", ready.error().message.c_str());
    return brigade::base::kExitUsage;
  }
  brigade::base::keep_freed_memory();
  return brigade::worker::run(read);
}
