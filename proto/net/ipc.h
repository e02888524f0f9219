// The file of an ipc endpoint before it is bound.
#pragma once

#include <string>

#include "proto/model/result.h"

namespace brigade::net {

/// ZeroMQ takes an ipc path over without a word, also from a process that serves it. This refuses such a path and one
/// that is no socket, and removes a socket that nobody serves any more.
Result<void> clear_ipc_path(const std::string& path);

}  // namespace brigade::net
