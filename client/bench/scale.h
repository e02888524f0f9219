// What a lease and its block cost the broker when queues, workers and jobs grow.
#pragma once

#include <cstdint>
#include <string>

#include "client/bench/figures.h"
#include "client/session.h"

namespace brigade::bench {

struct World {
  std::uint64_t tasks = 10'000'000;  ///< of all jobs together
  std::uint64_t jobs = 1;
  std::size_t workers = 10;
  std::size_t clients = 0;  ///< that read the jobs' results meanwhile
  bool columns = false;     ///< tasks with 8 bytes of arguments, not a range
};

struct ScaleFigures {
  std::uint64_t leases = 0;        ///< that were finished while it was measured
  double broker_us_per_lease = 0;  ///< CPU time for a lease and its block; without what the broker needs when idle
  double idle_percent = 0;         ///< of one core, with all the workers connected and at work: pings and heartbeats
  double leases_per_s = 0;
  double broker_mib = 0;                          ///< its memory, with all jobs queued and all workers connected
  double submit_ms = 0;                           ///< of one job, on average
  double jobs_ms = 0, status_ms = 0, why_ms = 0;  ///< answers to questions, all parts
};

/// REQUIRES: no worker is connected, and `broker` is a process of this machine.
Result<ScaleFigures> scale(client::Session& session, const std::string& endpoint, pid_t broker, const World& world);

}  // namespace brigade::bench
