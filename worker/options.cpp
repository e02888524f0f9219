#include "worker/options.h"

#include <unistd.h>

#include <cstdio>

#include "proto/base/memory.h"
#include "proto/base/os.h"
#include "proto/base/service_flags.h"
#include "proto/net/socket.h"
#include "proto/wire/limits.h"

namespace brigade::worker {
namespace {

constexpr auto kSlotsMax = static_cast<std::uint32_t>(wire::kSlotsMax);

void describe_capacity(CLI::App& app, Options& options) {
  app.add_option("--threads", options.threads, "Threads for CPU tasks")
      ->envname("BRIGADE_THREADS")
      ->default_str("cores: " + std::to_string(base::usable_cores()))
      ->check(CLI::Range(std::uint32_t{1}, std::uint32_t{4096}));
  app.add_option("--io-concurrency", options.io_concurrency, "Most I/O tasks at once")
      ->envname("BRIGADE_IO_CONCURRENCY")
      ->capture_default_str()
      ->check(CLI::Range(std::uint32_t{1}, kSlotsMax));
  app.add_option("--io-threads", options.io_threads, "Threads of the I/O loop")
      ->envname("BRIGADE_IO_THREADS")
      ->capture_default_str()
      ->check(CLI::Range(std::uint32_t{1}, std::uint32_t{256}));
}

void describe_kinds(CLI::App& app, Options& options) {
  app.add_option("--kinds", options.kinds, "Kinds of tasks to offer, with commas between")
      ->envname("BRIGADE_KINDS")
      ->default_str("all")
      ->delimiter(',');
  app.add_option("--fetch-allow", options.settings.fetch_allow,
                 "CIDR of non-global addresses that fetch may reach, with commas between")
      ->envname("BRIGADE_FETCH_ALLOW")
      ->default_str("none")
      ->delimiter(',');
  app.add_option("--fetch-cache", options.settings.fetch_cache,
                 "Folder where fetch keeps answers, to ask servers only for what has changed; workers may share it")
      ->envname("BRIGADE_FETCH_CACHE")
      ->default_str("none");
  base::add_size(app, "--fetch-cache-size", options.settings.fetch_cache_size,
                 "How much that folder may take on disk; what was used longest ago goes first",
                 "BRIGADE_FETCH_CACHE_SIZE");
  app.add_option("--factorial-max", options.settings.factorial_max, "Largest n of a factorial")
      ->envname("BRIGADE_FACTORIAL_MAX")
      ->capture_default_str();
  base::add_size(app, "--memory", options.settings.memory,
                 "What tasks whose memory is known (factorial) may take together: others wait, larger ones are refused",
                 "BRIGADE_WORKER_MEMORY");
  app.add_flag("--private", options.settings.allow_all_addresses)->group("");  // for `brigade run`
}

void describe(CLI::App& app, Options& options) {
  app.add_option("--broker", options.broker, "The broker's endpoint")->envname("BRIGADE_BROKER")->capture_default_str();
  app.add_option("--name", options.name, "What this worker is called")
      ->envname("BRIGADE_WORKER_NAME")
      ->default_str("HOST-PID");
  describe_capacity(app, options);
  describe_kinds(app, options);
  base::add_duration(app, "--drain", options.drain, "After SIGTERM, how long running tasks may take to finish",
                     "BRIGADE_DRAIN");
  base::add_duration(app, "--idle-timeout", options.idle_timeout, "Leave after so long without work",
                     "BRIGADE_IDLE_TIMEOUT");
  base::add_duration(app, "--time-limit", options.time_limit, "Most time that one task may take", "BRIGADE_TIME_LIMIT");
  app.add_option("--log-level", options.log_level, "debug, info, warn, error or off")
      ->envname("BRIGADE_LOG")
      ->default_str("info");
}

}  // namespace

Result<void> check_files(const Options& options, std::uint64_t files_max) {
  // Beside the sockets: those of look-ups, of ZeroMQ, of the loops themselves.
  const std::uint64_t needed = std::uint64_t{options.io_concurrency} + 128 * std::uint64_t{options.io_threads} + 64;
  if (needed <= files_max) return {};
  return Error{ErrorCode::invalid, "--io-concurrency " + std::to_string(options.io_concurrency) + " needs " +
                                       std::to_string(needed) + " open files, and this process may open " +
                                       std::to_string(files_max) +
                                       "; raise its hard limit (ulimit -Hn, LimitNOFILE= of a service), or lower "
                                       "--io-concurrency"};
}

std::variant<Options, int> read_options(int argc, char** argv) {
  Options options;
  options.settings.memory = base::usable_memory() / 4 * 3;
  CLI::App app("A worker: runs the tasks that a broker gives it.", "brigade-worker");
  describe(app, options);
  if (const auto exit = base::parse(app, argc, argv)) return *exit;
  if (const auto checked = net::check_endpoint(options.broker); !checked) {
    std::fprintf(stderr, "brigade-worker: %s\n", checked.error().message.c_str());
    return base::kExitUsage;
  }
  if (options.threads == 0) options.threads = base::usable_cores();
  if (options.name.empty()) options.name = base::host_name() + "-" + std::to_string(::getpid());
  if (options.name.size() > wire::kNameBytesMax) {
    std::fprintf(stderr, "brigade-worker: --name may have at most %zu bytes\n", wire::kNameBytesMax);
    return base::kExitUsage;
  }
  return options;
}

}  // namespace brigade::worker
