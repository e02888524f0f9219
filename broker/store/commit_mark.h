// The number of the latest commit, kept outside of SQLite.
//
// SQLite takes a damaged write-ahead log for the end of the log and silently forgets the commits behind it. So each
// commit has a number, which is written here, and synced, after the commit and before it is acknowledged. A database
// whose latest commit is below this mark has lost something, and the broker says so instead of starting.
#pragma once

#include <cstdint>
#include <filesystem>

#include "broker/store/file.h"
#include "broker/store/trouble.h"
#include "proto/model/result.h"

namespace brigade::broker {

class CommitMark {
 public:
  /// Opens the file. Where nothing was ever committed it may be missing, or what a crash left of its making: then it is
  /// made, and reads 0.
  static Result<CommitMark> open(const std::filesystem::path& path, bool sync, bool may_be_new);

  /// The number in a file that another process may be writing.
  static Result<std::uint64_t> read(const std::filesystem::path& file);

  /// The highest number written so far.
  std::uint64_t number() const { return number_; }
  /// Says that commit `number` is made. On disk before this returns, when syncing.
  /// REQUIRES: it is above the latest.
  MaybeTrouble write(std::uint64_t number);

 private:
  CommitMark(File file, bool sync) : file_(std::move(file)), sync_(sync) {}
  MaybeTrouble write_all(std::string_view bytes, std::uint64_t offset);

  File file_;
  bool sync_;
  std::uint64_t number_ = 0;
};

}  // namespace brigade::broker
