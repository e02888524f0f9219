// Plays stories to the worker's core.
#pragma once

#include <memory>

#include "tests/scenario/script.h"

namespace brigade::scenario {

std::unique_ptr<Runner> worker_runner();

}  // namespace brigade::scenario
