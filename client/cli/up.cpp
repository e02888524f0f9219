// `brigade up`: start a cluster on this machine and leave it running.
#include <poll.h>
#include <signal.h>
#include <unistd.h>

#include <chrono>
#include <memory>

#include "client/cli/commands.h"
#include "client/cli/interrupts.h"
#include "client/cli/listing.h"
#include "client/cli/survey.h"
#include "client/cluster/access_file.h"
#include "client/cluster/folders.h"
#include "client/cluster/process.h"
#include "client/cluster/supervisor.h"
#include "proto/net/socket.h"

namespace brigade::cli {
namespace {

struct UpOptions {
  std::string listen = "tcp://127.0.0.1:5757";
  std::string state;
  std::optional<std::uint64_t> workers, threads, io_concurrency;
  std::vector<std::string> fetch_allow;
  std::string fetch_cache;
  std::optional<std::uint64_t> fetch_cache_size;
};

/// Of each worker, as they were given.
std::vector<std::string> worker_arguments(const UpOptions& options) {
  std::vector<std::string> arguments;
  const auto add = [&](const char* name, const std::string& value) {
    arguments.insert(arguments.end(), {name, value});
  };
  if (options.threads) add("--threads", std::to_string(*options.threads));
  if (options.io_concurrency) add("--io-concurrency", std::to_string(*options.io_concurrency));
  for (const std::string& range : options.fetch_allow) add("--fetch-allow", range);
  if (!options.fetch_cache.empty()) add("--fetch-cache", std::filesystem::absolute(options.fetch_cache).string());
  if (options.fetch_cache_size) add("--fetch-cache-size", std::to_string(*options.fetch_cache_size));
  return arguments;
}

std::vector<std::string> supervisor_arguments(const UpOptions& options, const std::string& state,
                                              const std::string& log) {
  std::vector<std::string> arguments{(base::program_folder() / "brigade").string(),
                                     "supervise",
                                     "--listen",
                                     options.listen,
                                     "--state",
                                     state,
                                     "--log",
                                     log,
                                     "--workers",
                                     std::to_string(options.workers.value_or(1))};
  for (std::string& argument : worker_arguments(options)) arguments.push_back(std::move(argument));
  return arguments;
}

/// Until the broker answers and all workers are connected.
Result<void> await_cluster(Context& context, const std::string& endpoint, std::uint64_t workers) {
  auto session = connect_to(context, endpoint, context.signals().fd());
  if (!session) return session.error();
  const Instant until = base::monotonic_now() + context.connect_timeout();
  while (base::monotonic_now() < until) {
    auto found = ask_suitability(**session, "");
    if (!found) return found.error();
    if (found->workers >= workers) return {};
    pollfd fd{.fd = context.signals().fd(), .events = POLLIN, .revents = 0};
    if (poll(&fd, 1, 10) > 0) return Error{ErrorCode::cancelled, "interrupted"};
  }
  return Error{ErrorCode::unavailable, "not all workers have connected in time"};
}

ExitCode up(Context& context, const UpOptions& options) {
  if (auto good = net::check_endpoint(options.listen); !good) return context.fail(good.error());
  if (options.listen.size() > 2 && options.listen.substr(options.listen.size() - 2) == ":0") {
    return context.fail(kUsage, "up: give --listen a port, so that later commands find the broker");
  }
  const auto access = cluster::read_access(cluster::access_path());
  if (!access) return context.fail(access.error());
  if (*access) {
    return context.fail(kUsage,
                        "a cluster is up already at " + (*access)->endpoint + "; take it down first: brigade down");
  }
  const auto state =
      options.state.empty() ? cluster::state_folder() / "broker" : std::filesystem::absolute(options.state);
  const auto log = cluster::state_folder() / "up.log";
  for (const auto& folder : {cluster::state_folder(), state}) {
    if (auto made = cluster::make_private_folder(folder); !made) return context.fail(made.error());
  }
  std::error_code ignored;
  std::filesystem::rename(log, log.string() + ".1", ignored);
  base::SpawnOptions spawn;
  spawn.arguments = supervisor_arguments(options, state.string(), log.string());
  spawn.new_session = true;
  spawn.stderr_file = log;
  spawn.stdout_file = log;
  auto supervisor = cluster::Process::start(spawn);
  if (!supervisor) return context.fail(supervisor.error());
  const auto ready = await_cluster(context, options.listen, options.workers.value_or(1));
  if (supervisor->has_ended() || !ready) {
    const bool died = supervisor->has_ended();
    if (!died) supervisor->signal(SIGTERM);
    const std::string why = died ? "the cluster ended as soon as it was started" : ready.error().message;
    return context.fail(!died && ready.error().code == ErrorCode::cancelled ? kInterrupted : kNoBroker,
                        why + "; the end of its log (" + log.string() + "):\n" + cluster::tail_of(log, 2000));
  }
  if (context.format() == output::Format::quiet) return context.print(options.listen + "\n");
  if (context.format() == output::Format::table) context.note("a cluster is up; take it down with: brigade down");
  return context.print(fields_text({{"endpoint", options.listen},
                                    {"workers", std::to_string(options.workers.value_or(1))},
                                    {"state", state.string()},
                                    {"log", log.string()}},
                                   context.format()));
}

void declare_up_options(Declare& command, UpOptions& options) {
  command.text({"--listen", "Where the broker listens", "", "ENDPOINT"}, options.listen);
  command.text({"--state", "Where the broker keeps jobs and results", "$XDG_STATE_HOME/brigade/broker", "DIR"},
               options.state);
  command.number({"--workers", "Worker processes", "1"}, options.workers, 1, 1024);
  command.number({"--threads", "Threads of each worker", "one per core"}, options.threads, 1, 4096);
  command.number({"--io-concurrency", "Transfers that each worker has in flight", "256"}, options.io_concurrency, 1,
                 1'000'000);
  command.texts({"--fetch-allow",
                 "Addresses that fetch may reach though they are not public; may be given several times", "", "CIDR"},
                options.fetch_allow);
  command.text({"--fetch-cache", "Folder where the workers keep what fetch got, to ask only for what has changed",
                "none", "DIR"},
               options.fetch_cache);
  command.size({"--fetch-cache-size", "How much that folder may take on disk", "1GiB"}, options.fetch_cache_size);
}

ExitCode supervise(Context& context, const UpOptions& options, const std::string& log) {
  cluster::SupervisorOptions supervised;
  supervised.broker_arguments = {"--listen", options.listen, "--state", options.state};
  supervised.worker_arguments = {"--broker", options.listen};
  for (std::string& argument : worker_arguments(options)) supervised.worker_arguments.push_back(std::move(argument));
  supervised.workers = static_cast<unsigned>(options.workers.value_or(1));
  supervised.endpoint = options.listen;
  supervised.state_folder = options.state;
  supervised.log = log;
  const auto ended = cluster::supervise(supervised);
  return ended ? kOk : context.fail(ended.error());
}

}  // namespace

void declare_up(Declare& root) {
  auto options = std::make_shared<UpOptions>();
  Declare command =
      root.command("up", "Start a broker and workers on this machine and leave them running; later commands find them",
                   [options](Context& context) { return up(context, *options); });
  declare_up_options(command, *options);
  command.examples("  brigade up --workers 2\n  brigade run factorial 1..1000 -o quiet\n  brigade down\n");
}

void declare_supervise(Declare& root) {
  struct Supervised {
    UpOptions up;
    std::string log;
  };
  auto options = std::make_shared<Supervised>();
  Declare command = root.command(
      "supervise", "The process behind 'up': starts a broker and workers, and starts them again when they die",
      [options](Context& context) { return supervise(context, options->up, options->log); });
  declare_up_options(command, options->up);
  command.text({"--log", "Where its messages go", "", "FILE"}, options->log);
  command.hide();
}

}  // namespace brigade::cli
