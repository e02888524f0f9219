// Which Brigade this is.
#pragma once

#include <string_view>

namespace brigade::base {

/// The version of the CMake project, as in "0.1.0".
std::string_view version();

}  // namespace brigade::base
