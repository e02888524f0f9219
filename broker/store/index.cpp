#include "broker/store/index.h"

#include <fcntl.h>

#include <algorithm>
#include <cerrno>
#include <string>
#include <utility>

#include "broker/store/schema.h"

namespace brigade::broker {
namespace {

/// Pages of the write-ahead log that are worth a checkpoint: 16 MiB.
constexpr int kLogPagesDue = 4096;
constexpr std::uint64_t kPageBytes = 4096;
/// Free pages that stay for the next jobs: 4 MiB.
constexpr std::uint64_t kFreePagesKept = 1024;

/// SQLite would create the file with whatever the umask allows; its log and memory file take this one's permissions.
MaybeTrouble create_private(const std::filesystem::path& path) {
  return File().open(path, O_RDWR | O_CREAT);
}

MaybeTrouble set_up(Database& database, bool sync) {
  // auto_vacuum: so that free pages can be given back; it counts only while there are no tables yet, and comes first.
  // journal_size_limit: a reader that took long (a backup) must not leave a long log behind.
  const char* limits = "PRAGMA auto_vacuum=INCREMENTAL; PRAGMA page_size=4096; PRAGMA journal_size_limit=33554432";
  if (auto trouble = database.run(limits)) return trouble;
  // temp_store: a statement's journal is kept in memory, so that no further file need be opened once the store runs.
  return database.run(sync ? "PRAGMA synchronous=FULL; PRAGMA journal_mode=WAL; PRAGMA temp_store=MEMORY"
                           : "PRAGMA synchronous=OFF; PRAGMA journal_mode=WAL; PRAGMA temp_store=MEMORY");
}

}  // namespace

std::filesystem::path index_file(const std::filesystem::path& folder) {
  return folder / "index.sqlite";
}

std::filesystem::path commit_mark_file(const std::filesystem::path& folder) {
  return folder / "commits";
}

Result<std::uint64_t> fact(Database& database, std::string_view name) {
  Statement ask(database, "SELECT value FROM facts WHERE name=?");
  Rows rows(ask, name);
  if (rows.next()) return rows.number(0);
  if (auto error = rows.error()) return *error;
  return std::uint64_t{0};
}

std::optional<Error> lost_commits(const std::filesystem::path& index, std::uint64_t commit, std::uint64_t marked) {
  // One more than the mark is a commit that was not acknowledged, since the broker died before marking it.
  if (commit == marked || commit == marked + 1) return std::nullopt;
  return storage_error(index.string() + " is damaged: its latest commit is number " + std::to_string(commit) +
                       ", but number " + std::to_string(marked) +
                       " was acknowledged. Restore the folder from a backup, or choose another");
}

Result<std::unique_ptr<Index>> Index::open(const std::filesystem::path& folder, bool sync) {
  const auto file = index_file(folder);
  if (auto trouble = create_private(file)) return storage_error(trouble->reason);
  auto database = Database::open(file, Access::read_write);
  if (!database) return database.error();
  if (auto trouble = set_up(**database, sync)) return storage_error(trouble->reason);
  const auto version = schema_version(**database);
  if (!version) return version.error();
  const bool is_new = *version == 0;
  if (*version > kSchemaVersion) return unknown_version(**database, *version);
  auto mark = CommitMark::open(commit_mark_file(folder), sync, is_new);
  if (!mark) return mark.error();
  if (is_new)  // after the mark is made: tables without a mark are damage
    if (auto trouble = create_tables(**database)) return storage_error(trouble->reason);
  if (auto trouble = migrate(**database, is_new ? kSchemaVersion : *version, kMigrations))
    return storage_error(trouble->reason);
  std::unique_ptr<Index> index(new Index(*std::move(database), *std::move(mark)));
  constexpr std::uint64_t kIncremental = 2;
  Statement ask_mode(index->database(), "PRAGMA auto_vacuum");
  index->gives_back_ = number(ask_mode) == kIncremental;  // not where the database was made without
  if (auto checked = index->check_commits(); !checked) return checked.error();
  if (auto checked = index->check_whole(); !checked) return checked.error();
  if (auto begun = index->begin_epoch(); !begun) return begun.error();
  return index;
}

Result<void> Index::check_commits() {
  auto commits = fact(*database_, "commit");
  if (!commits) return commits.error();
  auto epoch = fact(*database_, "epoch");
  if (!epoch) return epoch.error();
  commits_ = *commits;
  epoch_ = *epoch;
  const Commit marked = mark_.latest();
  if (auto lost = lost_commits(database_->file(), commits_, marked.number)) return *lost;
  const bool is_marked = commits_ == marked.number;
  // A commit that is not marked may be the one that began its epoch.
  if (epoch_ != marked.epoch && (is_marked || epoch_ != marked.epoch + 1))
    return storage_error(database_->file().string() + " is damaged: it is of epoch " + std::to_string(epoch_) +
                         ", but epoch " + std::to_string(marked.epoch) +
                         " was the latest. Restore the folder from a backup, or choose another");
  if (is_marked) return {};
  // It was not acknowledged, since the broker died before marking it, and perhaps before it was on disk. It is marked
  // before another follows: a second death at the same place must not look like a loss.
  auto trouble = database_->checkpoint();  // syncs the log
  if (!trouble) trouble = mark_.write({commits_, epoch_});
  if (trouble) return storage_error(trouble->reason);
  return {};
}

/// Rows carry checksums, but what SQLite keeps around them does not: a damaged page may hide rows without an error.
/// Takes about a second for a million blocks.
Result<void> Index::check_whole() {
  Statement ask(*database_, "PRAGMA integrity_check(1)");
  Rows rows(ask);
  const bool found = rows.next();
  if (auto error = rows.error()) return *error;
  const std::string_view verdict = found ? rows.bytes(0) : "no answer";
  if (verdict == "ok") return {};
  return storage_error(database_->file().string() + " is damaged: " + std::string(verdict) +
                       ". Restore the folder from a backup, or choose another");
}

Result<void> Index::begin_epoch() {
  ++epoch_;
  auto trouble = begin();
  if (!trouble) trouble = set_fact_.execute(std::string_view("epoch"), epoch_);
  if (!trouble) trouble = commit();
  if (trouble) return storage_error(trouble->reason);
  return {};
}

MaybeTrouble Index::commit() {
  const std::uint64_t next = commits_ + 1;
  if (auto trouble = set_fact_.execute(std::string_view("commit"), next)) return trouble;
  if (auto trouble = database_->run("COMMIT")) return trouble;
  commits_ = next;
  auto trouble = mark_.write({next, epoch_});
  if (trouble) trouble->passing = false;  // the commit is made: it cannot be undone and tried again
  return trouble;
}

void Index::roll_back() {
  if (database_->in_transaction()) (void)database_->run("ROLLBACK");  // only fails when there is nothing left to undo
}

MaybeTrouble Index::checkpoint_when_due() {
  return database_->log_pages() < kLogPagesDue ? std::nullopt : checkpoint();
}

MaybeTrouble Index::checkpoint() {
  auto trouble = database_->checkpoint();
  if (trouble && trouble->passing) return std::nullopt;
  return trouble;
}

std::uint64_t Index::number(Statement& ask) {
  Rows rows(ask);
  return rows.next() ? rows.number(0) : 0;
}

bool Index::has_slack() {
  return gives_back_ && number(ask_free_pages_) > kFreePagesKept;
}

MaybeTrouble Index::shrink() {
  return database_->run("PRAGMA incremental_vacuum(256)");  // a mebibyte: what writes may have to wait for
}

std::uint64_t Index::used_bytes() {
  const std::uint64_t pages = number(ask_pages_), free = number(ask_free_pages_);
  return (pages - std::min(pages, free)) * kPageBytes;
}

}  // namespace brigade::broker
