// The tasks of a factorial that is computed in parts (wire::FactorialSplit).
#pragma once

#include "proto/wire/kinds.h"
#include "worker/kinds/factorial/answer.h"
#include "worker/kinds/kind.h"

namespace brigade::worker {

/// Tasks that compute a part each, or the one that checks all parts and multiplies them. REQUIRES: options.split.
Prepared split_factorial(const wire::FactorialOptions& options, const FactorialLimits& limits);

}  // namespace brigade::worker
