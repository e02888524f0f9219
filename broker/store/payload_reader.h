// Reads records where PayloadFiles put them, and trusts none of their bytes before their checksum.
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <string_view>
#include <utility>

#include "broker/store/index_rows.h"
#include "proto/base/os.h"
#include "proto/model/bytes.h"

namespace brigade::broker {

/// Used by one thread.
class PayloadReader {
 public:
  /// `index` is the database's file, for messages; `folder` that of the segments.
  PayloadReader(std::filesystem::path index, std::filesystem::path folder)
      : index_(std::move(index)), folder_(std::move(folder)) {}

  /// The record at `location`; `in_row` is what its row holds. An error names the file and the offset.
  Result<Bytes> read(std::uint64_t job, const Location& location, std::string_view in_row);
  /// Bytes offset..offset+count-1 of the record at `location`, in a segment, unchecked.
  Result<Bytes> read_part(std::uint64_t job, const Location& location, std::uint64_t offset, std::uint64_t count);
  /// Whether the record at `location`, in a segment, is as it was written; holds little of it in memory.
  Result<void> check(std::uint64_t job, const Location& location);
  /// Closes the job's files.
  void forget(std::uint64_t job);

 private:
  Result<int> open(std::uint64_t job, std::uint32_t segment);

  std::filesystem::path index_;
  std::filesystem::path folder_;
  std::map<std::pair<std::uint64_t, std::uint32_t>, base::Fd> files_;
};

}  // namespace brigade::broker
