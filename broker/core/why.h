// Why a job is not running or not finished, in sentences.
#pragma once

#include <string>
#include <vector>

#include "broker/core/state.h"

namespace brigade::broker {

std::vector<std::string> why(const State& state, const Job& job, Now now);

}  // namespace brigade::broker
