// What can go wrong with a write: a disk that is full for now, or a store that can no longer be trusted.
#pragma once

#include <filesystem>
#include <optional>
#include <string>

#include "proto/model/result.h"

namespace brigade::broker {

struct Trouble {
  bool passing = false;  ///< no space, no file handles: undone, worth another try; else the broker must stop
  std::string reason;    ///< the file and what the system said
};

/// Nothing: it went well.
using MaybeTrouble = std::optional<Trouble>;

/// Whether an errno of a write says "not now": ENOSPC, EDQUOT, EFBIG, EMFILE, ENFILE.
bool is_passing(int error_number);
/// What `error_number` (an errno) means for a write to `file`.
Trouble trouble_with(const std::filesystem::path& file, int error_number);

/// An opening that cannot go on.
Error storage_error(std::string message);

}  // namespace brigade::broker
