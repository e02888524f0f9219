// `brigade down`: stop the cluster that `up` started.
#include <poll.h>
#include <signal.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <memory>

#include "client/cli/commands.h"
#include "client/cli/context.h"
#include "client/cluster/access_file.h"
#include "client/cluster/process.h"

namespace brigade::cli {
namespace {

struct DownOptions {
  bool now = false;
};

void send(int process, int number) {
  syscall(SYS_pidfd_send_signal, process, number, nullptr, 0);
}

ExitCode down(Context& context, const DownOptions& options) {
  const auto path = cluster::access_path();
  const auto access = cluster::read_access(path);
  if (!access) return context.fail(access.error());
  if (!*access) {
    cluster::remove_access(path);
    return context.fail(kNoBroker, "no cluster is up; start one with: brigade up");
  }
  // The descriptor names this very process from here on, even when it ends and its number is used again.
  const base::Fd process(static_cast<int>(syscall(SYS_pidfd_open, (*access)->pid, 0)));
  if (!process || cluster::start_ticks((*access)->pid) != (*access)->start_ticks) {
    cluster::remove_access(path);
    return kOk;
  }
  send(process.get(), SIGTERM);
  if (options.now) send(process.get(), SIGINT);
  pollfd fds[2] = {{.fd = process.get(), .events = POLLIN, .revents = 0},
                   {.fd = context.signals().fd(), .events = POLLIN, .revents = 0}};
  constexpr int kShortMs = 1000;
  if (poll(fds, 2, kShortMs) == 0) {
    context.note("running tasks finish first, for at most 40 s; to stop at once: brigade down --now");
    while (poll(fds, 2, -1) < 0) continue;
  }
  if ((fds[0].revents & POLLIN) == 0) {
    return interrupted(context, "the cluster is still going down; see: brigade status");
  }
  cluster::remove_access(path);
  context.note("the cluster at " + (*access)->endpoint + " is down; its jobs are kept in " + (*access)->state_folder);
  return kOk;
}

}  // namespace

void declare_down(Declare& root) {
  auto options = std::make_shared<DownOptions>();
  Declare command = root.command(
      "down", "Stop the cluster that 'up' started; jobs and results are kept for the next 'up'",
      [options](Context& context) { return down(context, *options); }, "DOWN_");
  command.flag({"--now", "Do not wait for running tasks"}, options->now);
}

}  // namespace brigade::cli
