#include "client/cluster/supervisor.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/file.h>
#include <unistd.h>

#include <algorithm>
#include <optional>

#include "client/cluster/access_file.h"
#include "client/cluster/folders.h"
#include "client/cluster/process.h"
#include "proto/base/log.h"
#include "proto/base/os.h"

namespace brigade::cluster {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr Duration kStable = seconds(10);     // who lived so long starts again without a pause
constexpr Duration kFirstStart = seconds(1);  // a broker that ends sooner was started wrongly
constexpr Duration kDrain = seconds(40);      // longer than a worker's own --drain
constexpr Duration kBrokerPatience = seconds(5);

/// A program that is to run, and its present process if it does.
struct Ward {
  std::string program;
  std::vector<std::string> arguments;
  std::optional<Process> process{};
  unsigned deaths = 0;
  Instant start_at{};
};

class Supervisor {
 public:
  explicit Supervisor(const SupervisorOptions& options) : signals_({SIGTERM, SIGINT, SIGHUP}) {
    wards_.push_back({.program = "brigade-broker", .arguments = options.broker_arguments});
    for (unsigned i = 0; i < options.workers; ++i) {
      auto arguments = options.worker_arguments;
      arguments.insert(arguments.end(), {"--name", base::host_name() + "-" + std::to_string(i + 1)});
      wards_.push_back({.program = "brigade-worker", .arguments = std::move(arguments)});
    }
  }

  Result<void> run() {
    const Instant begun = base::monotonic_now();
    for (;;) {
      if (auto started = start_due(base::monotonic_now()); !started) return started;
      wait(next_start());
      if (signals_.next()) break;
      const Instant now = base::monotonic_now();
      for (Ward& ward : wards_) bury(ward, now);
      if (wards_.front().deaths > 0 && now - begun < kFirstStart) {
        stop();
        return Error{ErrorCode::unavailable, "the broker ended as soon as it was started"};
      }
    }
    stop();
    return {};
  }

 private:
  static Result<void> start(Ward& ward) {
    auto program = find_program(ward.program);
    if (!program) return program.error();
    base::SpawnOptions spawn;
    spawn.arguments = {*program};
    spawn.arguments.insert(spawn.arguments.end(), ward.arguments.begin(), ward.arguments.end());
    spawn.die_with_parent = true;
    auto process = Process::start(spawn);
    if (!process) return process.error();
    ward.process = *std::move(process);
    return {};
  }

  Result<void> start_due(Instant now) {
    for (Ward& ward : wards_) {
      if (ward.process || ward.start_at > now) continue;
      if (auto started = start(ward); !started) return started;
    }
    return {};
  }

  Instant next_start() const {
    Instant next = kNever;
    for (const Ward& ward : wards_) {
      if (!ward.process) next = std::min(next, ward.start_at);
    }
    return next;
  }

  static void bury(Ward& ward, Instant now) {
    if (!ward.process || !ward.process->has_ended()) return;
    if (now - ward.process->started_at() >= kStable) ward.deaths = 0;
    ward.start_at = now + restart_pause(ward.deaths++);
    base::log::warn("{} (pid {}) ended: {}; it is started again", ward.program, ward.process->pid(),
                    ward.process->end_text());
    ward.process.reset();
  }

  /// Until a process ends, a signal comes, or it is `until`.
  void wait(Instant until) {
    std::vector<pollfd> fds{{.fd = signals_.fd(), .events = POLLIN, .revents = 0}};
    for (const Ward& ward : wards_) {
      if (ward.process) fds.push_back({.fd = ward.process->fd(), .events = POLLIN, .revents = 0});
    }
    int timeout = -1;
    if (until != kNever) {
      const auto left = std::chrono::ceil<milliseconds>(until - base::monotonic_now()).count();
      timeout = static_cast<int>(std::clamp<std::int64_t>(left, 0, 60'000));
    }
    poll(fds.data(), fds.size(), timeout);
  }

  bool workers_run() {
    bool any = false;
    for (std::size_t i = 1; i < wards_.size(); ++i) {
      if (wards_[i].process && !wards_[i].process->has_ended()) any = true;
    }
    return any;
  }

  void signal_workers() {
    for (std::size_t i = 1; i < wards_.size(); ++i) {
      if (wards_[i].process) wards_[i].process->signal(SIGTERM);
    }
  }

  /// Workers first: the broker must be there to store what they finish.
  void stop() {
    signal_workers();
    const Instant until = base::monotonic_now() + kDrain;
    while (workers_run() && base::monotonic_now() < until) {
      for (Ward& ward : wards_) {
        if (ward.process && ward.process->has_ended()) ward.process.reset();
      }
      wait(until);
      if (signals_.next()) signal_workers();
    }
    std::vector<Process*> rest;
    for (Ward& ward : wards_) {
      if (ward.process) rest.push_back(&*ward.process);
    }
    stop_all(std::move(rest), kBrokerPatience);
  }

  base::SignalFd signals_;
  std::vector<Ward> wards_;
};

}  // namespace

Duration restart_pause(unsigned deaths) {
  constexpr unsigned kDoublingsMax = 7;
  if (deaths == 0) return Duration(0);
  return milliseconds(100) * (1 << std::min(deaths - 1, kDoublingsMax));
}

Result<void> supervise(const SupervisorOptions& options) {
  const auto path = access_path();
  if (auto made = make_private_folder(path.parent_path()); !made) return made;
  const base::Fd lock(open((path.parent_path() / "up.lock").c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600));
  if (!lock || flock(lock.get(), LOCK_EX | LOCK_NB) != 0) {
    return Error{ErrorCode::conflict, "another cluster of yours is up already"};
  }
  const Access access{.endpoint = options.endpoint,
                      .pid = getpid(),
                      .start_ticks = start_ticks(getpid()).value_or(0),
                      .state_folder = options.state_folder.string(),
                      .log = options.log.string(),
                      .workers = options.workers};
  if (auto written = write_access(path, access); !written) return written;
  auto ended = Supervisor(options).run();
  remove_access(path);
  return ended;
}

}  // namespace brigade::cluster
