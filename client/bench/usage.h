// What a process of this machine has used so far.
#pragma once

#include <sys/types.h>

#include <cstdint>

#include "proto/model/result.h"
#include "proto/model/time.h"

namespace brigade::bench {

struct Usage {
  Duration cpu{};                    ///< of all its threads, user and system
  std::uint64_t resident_bytes = 0;  ///< now, without shared libraries' pages
  std::uint64_t peak_bytes = 0;      ///< the most it ever had, with them
};

/// An error when there is no such process here: figures of a broker's own cost need it on this machine.
Result<Usage> usage_of(pid_t pid);

}  // namespace brigade::bench
