// Cells that differ in one number only, and how their throughput grows with it.
#pragma once

#include "client/experiment/record.h"

namespace brigade::experiment {

/// "series" of summary.json, with the fits of each along an axis that counts workers, threads or transfers.
Json series_json(const Measured& measured);

}  // namespace brigade::experiment
