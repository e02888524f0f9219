// Running a seed: a failure that a core finds itself ends the process, and must still be told with its seed.
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <cstdio>

#include "tests/sim/simulation.h"

namespace brigade::sim {
namespace {

// A signal handler has no other way to know.
const Simulation* current = nullptr;

/// require() has printed the place; this adds how it came to that. (It is our own abort(), so printing is safe enough.)
void tell_last_events(int) {
  if (current == nullptr) return;
  const World& world = current->world();
  for (const std::string& line : world.trace().last()) std::fprintf(stderr, "%s\n", line.c_str());
  std::fprintf(stderr, "seed %llu fails; run again: brigade-sim --seed %llu --trace\n",
               static_cast<unsigned long long>(world.options().seed),
               static_cast<unsigned long long>(world.options().seed));
}

}  // namespace

Report simulate(const Options& options) {
  Simulation simulation(options);
  current = &simulation;
  const auto before = std::signal(SIGABRT, tell_last_events);
  Report report = simulation.run();
  (void)std::signal(SIGABRT, before);
  current = nullptr;
  return report;
}

bool fails_in_child(const Options& options) {
  const pid_t child = ::fork();
  require(child >= 0);
  if (child == 0) {
    if (std::freopen("/dev/null", "w", stderr) == nullptr) ::_exit(2);
    ::_exit(simulate(options).failure.empty() ? 0 : 1);
  }
  int status = 0;
  require(::waitpid(child, &status, 0) == child);
  return !WIFEXITED(status) || WEXITSTATUS(status) != 0;
}

}  // namespace brigade::sim
