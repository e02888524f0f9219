// The number of the latest commit, kept outside of SQLite.
//
// SQLite takes a damaged write-ahead log for the end of the log and silently forgets the commits behind it. So each
// commit has a number, which is written here, and synced, after the commit and before it is acknowledged. A database
// whose latest commit is below this mark has lost something, and the broker says so instead of starting.
#pragma once

#include <cstdint>
#include <filesystem>

#include "broker/store/trouble.h"
#include "proto/base/os.h"
#include "proto/model/result.h"

namespace brigade::broker {

class CommitMark {
 public:
  /// Opens or creates the file. A new one reads 0.
  static Result<CommitMark> open(std::filesystem::path file, bool sync);

  /// The number in a file that another process may be writing.
  static Result<std::uint64_t> read(const std::filesystem::path& file);

  /// The highest number written so far.
  std::uint64_t number() const { return number_; }
  /// Says that commit `number` is made. On disk before this returns, when syncing.
  /// REQUIRES: it is above the latest.
  MaybeTrouble write(std::uint64_t number);

 private:
  CommitMark(std::filesystem::path file, base::Fd fd, bool sync)
      : file_(std::move(file)), fd_(std::move(fd)), sync_(sync) {}

  std::filesystem::path file_;
  base::Fd fd_;
  bool sync_;
  std::uint64_t number_ = 0;
};

}  // namespace brigade::broker
