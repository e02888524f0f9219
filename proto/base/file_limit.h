// How many descriptors a process may have.
#pragma once

#include <cstdint>

namespace brigade::base {

/// As many as the system allows this process, at once. The usual 1024 is too few where every peer or transfer takes
/// one, and libzmq 4.3.4 ends a process that accepts a local connection beyond the limit. Returns how many those are.
std::uint64_t raise_file_limit();

}  // namespace brigade::base
