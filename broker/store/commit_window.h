// Compares a database's latest commit with the mark outside of it, while a broker may be committing.
#pragma once

#include <cstdint>
#include <filesystem>
#include <utility>

#include "broker/store/commit_mark.h"
#include "broker/store/index.h"

namespace brigade::broker {

/// Made before the commit's number is read from the database of `folder`, asked after it.
class CommitWindow {
 public:
  explicit CommitWindow(std::filesystem::path folder)
      : folder_(std::move(folder)), before_(CommitMark::read(commit_mark_file(folder_))) {}

  /// An error: the mark cannot be read, or the database has lost commits. A commit is marked after it was made: so it
  /// is at least what was marked before it was read, and at most one more than what is marked now.
  Result<void> check(std::uint64_t commit) const {
    if (!before_) return before_.error();
    const auto now = CommitMark::read(commit_mark_file(folder_));
    if (!now) return now.error();
    if (commit < *before_) return *lost_commits(index_file(folder_), commit, *before_);
    if (commit > *now + 1) return *lost_commits(index_file(folder_), commit, *now);
    return {};
  }

 private:
  std::filesystem::path folder_;
  Result<std::uint64_t> before_;
};

}  // namespace brigade::broker
