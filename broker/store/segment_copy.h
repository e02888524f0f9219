// Writes records of one job to the same places of a copy's segment files.
#pragma once

#include <cstdint>
#include <filesystem>
#include <set>
#include <string_view>

#include "broker/store/index_rows.h"
#include "proto/base/os.h"
#include "proto/model/result.h"

namespace brigade::broker {

/// What lay between the records, left by crashes, is a hole in the copy. Errors are of code `unavailable`.
class SegmentCopy {
 public:
  /// `folder` is that of the copy's segments.
  SegmentCopy(std::filesystem::path folder, std::uint64_t job) : folder_(std::move(folder)), job_(job) {}

  /// Best in the order of their places. REQUIRES: location.segment > 0, and `bytes` match its checksum.
  Result<void> put(const Location& location, std::string_view bytes);
  /// All of it is on disk.
  Result<void> end();
  /// Deletes what was written.
  Result<void> remove();

 private:
  Result<void> open(std::uint32_t segment);
  std::filesystem::path file(std::uint32_t segment) const;

  std::filesystem::path folder_;
  std::uint64_t job_;
  base::Fd fd_;
  std::uint32_t segment_ = 0;
  std::set<std::uint32_t> written_;
};

}  // namespace brigade::broker
