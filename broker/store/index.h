// The store's SQLite database: its tables, versions, and transactions that are marked outside of it (commit_mark.h).
//
//   jobs      number -> what came with its opening, its seal (absent: an upload), its end (absent: it goes on):
//             job_rows.h
//   chunks    (job, first task) -> packed ChunkRow, and the record itself where it is small
//   blocks    (job, position) -> packed BlockRow, and the record itself where it is small; besides these, as columns
//             to look for: how many tasks did not end ok, and the span first…last of its tasks with its class
//             (blocks_with)
//   attempts  (job, count) -> packed AttemptsCounted, in the order they came
//   forgotten job numbers whose rows are still being deleted
//   facts     'epoch' (lives of the broker so far) and 'commit' (the number of the latest one)
//
// Every packed value ends with a checksum over it and its key (pack.h).
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string_view>

#include "broker/store/commit_mark.h"
#include "broker/store/database.h"

namespace brigade::broker {

class Index {
 public:
  /// Opens or creates the database in `folder` and begins a new epoch in it. Brings one of an older version up to date;
  /// refuses one of a newer version, one that is not whole, and one that has lost commits.
  static Result<std::unique_ptr<Index>> open(const std::filesystem::path& folder, bool sync);

  Database& database() { return *database_; }
  std::uint64_t epoch() const { return epoch_; }

  MaybeTrouble begin() { return database_->run("BEGIN IMMEDIATE"); }
  /// Commits and marks what was written since begin(). When there is trouble, call roll_back().
  MaybeTrouble commit();
  void roll_back();
  /// Moves the write-ahead log into the database once it is long. A full disk is no trouble here: the log stays.
  MaybeTrouble checkpoint_when_due();
  MaybeTrouble checkpoint();

  /// Whether more pages are free than are worth keeping for the next jobs.
  bool has_slack();
  /// Gives some free pages back to the disk, part of the transaction. The file is shorter after a checkpoint.
  MaybeTrouble shrink();
  /// Bytes of the pages in use.
  std::uint64_t used_bytes();

 private:
  Index(std::unique_ptr<Database> database, CommitMark mark)
      : database_(std::move(database)),
        mark_(std::move(mark)),
        set_fact_(*database_, kSetFact),
        ask_pages_(*database_, "PRAGMA page_count"),
        ask_free_pages_(*database_, "PRAGMA freelist_count") {}
  Result<void> check_commits();
  Result<void> check_whole();
  Result<void> begin_epoch();
  static std::uint64_t number(Statement& ask);

  static constexpr const char* kSetFact = "INSERT OR REPLACE INTO facts(name, value) VALUES(?, ?)";

  std::unique_ptr<Database> database_;
  CommitMark mark_;
  Statement set_fact_;
  Statement ask_pages_, ask_free_pages_;
  std::uint64_t commits_ = 0;
  std::uint64_t epoch_ = 0;
  bool gives_back_ = false;  ///< it can return free pages to the disk
};

/// The database's file in `folder`.
std::filesystem::path index_file(const std::filesystem::path& folder);
/// A number by name, 0 where it is missing: 'epoch', 'commit'.
Result<std::uint64_t> fact(Database& database, std::string_view name);
/// The file of the latest commit's number in `folder`.
std::filesystem::path commit_mark_file(const std::filesystem::path& folder);
/// What is wrong when the index's latest commit is `commit` and the mark outside of it says `marked`; nothing if all is
/// well.
std::optional<Error> lost_commits(const std::filesystem::path& index, std::uint64_t commit, std::uint64_t marked);

}  // namespace brigade::broker
