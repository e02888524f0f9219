// brigade-sim: runs seeds of the simulator, and one again with its trace.
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>

#include "tests/sim/simulation.h"

namespace brigade::sim {
namespace {

struct Flags {
  Options options;
  std::uint64_t first = 1, last = 100;
  double minutes = 0;  ///< 0: the seeds given
};

int usage() {
  std::fputs(
      "usage: brigade-sim [--seeds A..B | --seed N [--trace]] [--minutes M] [--bug NAME]\n"
      "  --seeds A..B   runs these seeds (default 1..100)\n"
      "  --seed N       runs one seed; --trace prints each of its events\n"
      "  --minutes M    runs seeds from A on for so long\n"
      "  --bug NAME     plants a bug, which should be found\n",
      stderr);
  return 2;
}

bool parse(int argc, char** argv, Flags& flags) {
  for (int i = 1; i < argc; ++i) {
    const std::string flag = argv[i];
    if (flag == "--trace") {
      flags.options.print = true;
      continue;
    }
    if (i + 1 == argc) return false;
    const char* value = argv[++i];
    if (flag == "--seed") {
      flags.first = flags.last = std::strtoull(value, nullptr, 10);
    } else if (flag == "--seeds") {
      const char* dots = std::strstr(value, "..");
      if (dots == nullptr) return false;
      flags.first = std::strtoull(value, nullptr, 10);
      flags.last = std::strtoull(dots + 2, nullptr, 10);
    } else if (flag == "--minutes") {
      flags.minutes = std::strtod(value, nullptr);
    } else if (flag == "--bug") {
      const auto bug = parse_bug(value);
      if (!bug) return false;
      flags.options.bug = *bug;
    } else {
      return false;
    }
  }
  return true;
}

void tell(std::uint64_t seed, const Report& report) {
  for (const std::string& line : report.last) std::puts(line.c_str());
  std::printf("seed %llu fails: %s\nrun again: brigade-sim --seed %llu --trace\n",
              static_cast<unsigned long long>(seed), report.failure.c_str(), static_cast<unsigned long long>(seed));
  std::fflush(stdout);  // whoever stops a long run keeps what it found
}

int run(Flags flags) {
  using Clock = std::chrono::steady_clock;
  const auto begin = Clock::now();
  std::uint64_t events = 0, seeds = 0, failures = 0;
  double simulated_s = 0;
  const auto elapsed = [&] { return std::chrono::duration<double>(Clock::now() - begin).count(); };
  for (std::uint64_t seed = flags.first; flags.minutes > 0 ? elapsed() < 60 * flags.minutes : seed <= flags.last;
       ++seed) {
    flags.options.seed = seed;
    const Report report = simulate(flags.options);
    ++seeds;
    events += report.events;
    simulated_s += to_ms(report.simulated) / 1000;
    if (report.failure.empty()) continue;
    tell(seed, report);
    if (++failures == 10) break;
  }
  std::printf("%llu seeds, %llu failed, %llu events, %.0f events/s, %.0f s simulated in %.1f s\n",
              static_cast<unsigned long long>(seeds), static_cast<unsigned long long>(failures),
              static_cast<unsigned long long>(events), static_cast<double>(events) / elapsed(), simulated_s, elapsed());
  return failures == 0 ? 0 : 1;
}

}  // namespace
}  // namespace brigade::sim

int main(int argc, char** argv) {
  brigade::sim::Flags flags;
  if (!brigade::sim::parse(argc, argv, flags)) return brigade::sim::usage();
  return brigade::sim::run(flags);
}
