// The machine that an experiment ran on: what somebody needs to know to compare its figures with others.
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

namespace brigade::experiment {

/// What could not be found out stays empty or 0.
struct Machine {
  std::string host, cpu, kernel, governor;
  unsigned cores = 0;              ///< of the machine
  double cores_limit = 0;          ///< that this process may use: affinity and control group
  std::uint64_t memory_bytes = 0;  ///< of the machine, or the control group's limit
  double load_before = 0;          ///< the average of the minute before
  std::vector<std::pair<std::string, std::string>> versions;
};

/// `libraries`: "ZeroMQ 4.3.4, GMP 6.2.1, …".
Machine look_at_machine(const std::string& libraries);

/// What can be used now without swapping; 0 where the system does not say.
std::uint64_t available_memory();

}  // namespace brigade::experiment
