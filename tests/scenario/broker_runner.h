// Plays stories to the broker's core.
#pragma once

#include <memory>

#include "tests/scenario/script.h"

namespace brigade::scenario {

std::unique_ptr<Runner> broker_runner();

}  // namespace brigade::scenario
