// Where executors put finished tasks and the worker's loop collects them.
#pragma once

#include <functional>
#include <mutex>
#include <vector>

#include "proto/model/outcome.h"

namespace brigade::worker {

/// Outcomes of one lease.
struct Finished {
  LeaseId lease;
  JobId job;
  Outcomes outcomes;
};

}  // namespace brigade::worker
