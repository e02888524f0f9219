// The number and epoch of the latest commit, kept outside of SQLite.
//
// SQLite takes a damaged write-ahead log for the end of the log and silently forgets the commits behind it. So each
// commit has a number, which is written here, and synced, after the commit and before it is acknowledged. A database
// whose latest commit is below this mark has lost something, and the broker says so instead of starting. The epoch is
// kept with it, with a checksum: one that went back would give lease ids a second time.
#pragma once

#include <cstdint>
#include <filesystem>

#include "broker/store/file.h"
#include "broker/store/trouble.h"
#include "proto/model/result.h"

namespace brigade::broker {

struct Commit {
  std::uint64_t number = 0;
  std::uint64_t epoch = 0;
  auto operator<=>(const Commit&) const = default;
};

class CommitMark {
 public:
  /// Opens the file. Where nothing was ever committed it may be missing, or what a crash left of its making: then it is
  /// made, and reads 0 and 0.
  static Result<CommitMark> open(const std::filesystem::path& path, bool sync, bool may_be_new);

  /// The number in a file that another process may be writing.
  static Result<std::uint64_t> read(const std::filesystem::path& file);

  /// The one with the highest number so far.
  Commit latest() const { return latest_; }
  /// Says that this commit is made. On disk before this returns, when syncing.
  /// REQUIRES: its number is above the latest.
  MaybeTrouble write(Commit commit);

 private:
  CommitMark(File file, bool sync) : file_(std::move(file)), sync_(sync) {}
  MaybeTrouble write_all(std::string_view bytes, std::uint64_t offset);

  File file_;
  bool sync_;
  Commit latest_;
};

}  // namespace brigade::broker
