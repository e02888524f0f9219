// What the broker's core wants done, as lines of a story.
#pragma once

#include <string>
#include <vector>

#include "broker/core/events.h"
#include "tests/scenario/script.h"

namespace brigade::scenario {

/// Names that the story and the trace share.
struct BrokerNames {
  Names<PeerId> peers;
  Names<JobId> jobs;
  Names<LeaseId> leases;
  std::map<LeaseId, JobId> lease_jobs;
  std::map<JobId, JobSpec> specs;  ///< of jobs that were opened or recovered: what their leases must say

  std::string name(PeerId id) { return peers.name(id, "p"); }
  std::string name(JobId id) { return id ? jobs.name(id, "j") : "none"; }
  std::string name(LeaseId id) { return leases.name(id, "L"); }
};

std::vector<std::string> trace(const broker::Commands& commands, BrokerNames& names);

}  // namespace brigade::scenario
