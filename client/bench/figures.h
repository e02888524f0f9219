// What a benchmark measured, and of what.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "proto/model/time.h"

namespace brigade::bench {

/// What is asked of a benchmark.
struct Load {
  std::uint64_t tasks = 0;
  bool columns = false;  ///< arguments of 8 bytes each, sent along; else a range
};

/// One run. What a benchmark has nothing to say about stays empty.
struct Figures {
  std::uint64_t tasks = 0;
  Duration elapsed{};                            ///< from the submit to the last result, checked
  std::optional<double> p50_us, p99_us;          ///< of one task, from its submit to its result
  std::optional<double> broker_cpu_ns_per_task;  ///< all its threads
  std::optional<double> broker_bytes_per_task;   ///< growth of its memory
  std::uint64_t checksum = 0;                    ///< over all results

  double tasks_per_s() const {
    return elapsed.count() > 0 ? static_cast<double>(tasks) * 1e9 / static_cast<double>(elapsed.count()) : 0;
  }
};

/// Who took part.
struct Parties {
  pid_t client = 0;
  pid_t broker = 0;
  std::vector<pid_t> workers;
};

}  // namespace brigade::bench
