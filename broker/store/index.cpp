#include "broker/store/index.h"

#include <fcntl.h>

#include <cerrno>
#include <string>
#include <utility>

namespace brigade::broker {
namespace {

/// Pages of the write-ahead log that are worth a checkpoint: 16 MiB.
constexpr int kLogPagesDue = 4096;

constexpr const char* kSchema = R"(
CREATE TABLE facts(name BLOB PRIMARY KEY, value INTEGER NOT NULL) WITHOUT ROWID;
CREATE TABLE jobs(number INTEGER PRIMARY KEY, opened BLOB NOT NULL, sealed BLOB, finished BLOB);
CREATE TABLE chunks(job INTEGER, first INTEGER, packed BLOB NOT NULL, record BLOB,
                    PRIMARY KEY(job, first)) WITHOUT ROWID;
CREATE TABLE blocks(job INTEGER, position INTEGER, not_ok INTEGER NOT NULL, class INTEGER NOT NULL,
                    first INTEGER NOT NULL, last INTEGER NOT NULL, packed BLOB NOT NULL, record BLOB,
                    PRIMARY KEY(job, position)) WITHOUT ROWID;
CREATE INDEX blocks_by_span ON blocks(job, class, first, last);
CREATE INDEX blocks_not_ok ON blocks(job, position) WHERE not_ok > 0;
CREATE TABLE attempts(job INTEGER, count INTEGER, packed BLOB NOT NULL, PRIMARY KEY(job, count)) WITHOUT ROWID;
CREATE TABLE forgotten(job INTEGER PRIMARY KEY);
)";

Error storage_error(std::string message) {
  return {ErrorCode::storage, std::move(message)};
}

/// SQLite would create the file with whatever the umask allows; its log and memory file take this one's permissions.
Result<void> create_private(const std::filesystem::path& file) {
  const base::Fd fd(::open(file.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600));
  if (!fd) return storage_error(trouble_with(file, errno).reason);
  return {};
}

}  // namespace

std::filesystem::path index_file(const std::filesystem::path& folder) {
  return folder / "index.sqlite";
}

Result<std::unique_ptr<Index>> Index::open(const std::filesystem::path& folder, bool sync) {
  const auto file = index_file(folder);
  if (auto created = create_private(file); !created) return created.error();
  auto database = Database::open(file, Access::read_write);
  if (!database) return database.error();
  auto mark = CommitMark::open(folder / "commits", sync);
  if (!mark) return mark.error();
  std::unique_ptr<Index> index(new Index(*std::move(database), *std::move(mark)));
  if (auto ready = index->prepare(sync); !ready) return ready.error();
  return index;
}

Result<void> Index::prepare(bool sync) {
  // temp_store: a statement's journal is kept in memory, so that no further file need be opened once the store runs.
  const char* settings = sync ? "PRAGMA synchronous=FULL; PRAGMA journal_mode=WAL; PRAGMA temp_store=MEMORY"
                              : "PRAGMA synchronous=OFF; PRAGMA journal_mode=WAL; PRAGMA temp_store=MEMORY";
  if (auto trouble = database_->run(settings)) return storage_error(trouble->reason);
  if (auto checked = check_version(); !checked) return checked;
  if (auto checked = check_commits(); !checked) return checked;
  if (auto checked = check_whole(); !checked) return checked;
  return begin_epoch();
}

Result<void> Index::check_version() {
  Statement ask(*database_, "PRAGMA user_version");
  std::uint64_t version = 0;
  {
    Rows rows(ask);
    if (rows.next()) version = rows.number(0);
    if (auto error = rows.error()) return *error;
  }
  if (version == kSchemaVersion) return {};
  if (version != 0)
    return storage_error(database_->file().string() + " has version " + std::to_string(version) +
                         ", made by a newer broker; this one reads version " + std::to_string(kSchemaVersion) +
                         ". Start that broker, or choose another folder");
  const std::string create =
      std::string("BEGIN IMMEDIATE;") + kSchema + "PRAGMA user_version=" + std::to_string(kSchemaVersion) + ";COMMIT";
  if (auto trouble = database_->run(create.c_str())) return storage_error(trouble->reason);
  return {};
}

Result<std::uint64_t> Index::fact(std::string_view name) {
  Statement ask(*database_, "SELECT value FROM facts WHERE name=?");
  Rows rows(ask, name);
  if (rows.next()) return rows.number(0);
  if (auto error = rows.error()) return *error;
  return std::uint64_t{0};
}

Result<void> Index::check_commits() {
  auto commits = fact("commit");
  if (!commits) return commits.error();
  commits_ = *commits;
  auto epoch = fact("epoch");
  if (!epoch) return epoch.error();
  epoch_ = *epoch;
  // One more than the mark is a commit that was not acknowledged, since the broker died before marking it; perhaps the
  // one that began its epoch.
  const Commit marked = mark_.latest();
  const bool same_epoch = epoch_ == marked.epoch;
  if (commits_ == marked.number && same_epoch) return {};
  if (commits_ == marked.number + 1 && (same_epoch || epoch_ == marked.epoch + 1)) return {};
  if (commits_ == marked.number || commits_ == marked.number + 1)
    return storage_error(database_->file().string() + " is damaged: it is of epoch " + std::to_string(epoch_) +
                         ", but epoch " + std::to_string(marked.epoch) +
                         " was the latest. Restore the folder from a backup, or choose another");
  return storage_error(database_->file().string() + " is damaged: its latest commit is number " +
                       std::to_string(commits_) + ", but number " + std::to_string(marked.number) +
                       " was acknowledged. Restore the folder from a backup, or choose another");
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
  if (database_->log_pages() < kLogPagesDue) return std::nullopt;
  auto trouble = database_->checkpoint();
  if (trouble && trouble->passing) return std::nullopt;
  return trouble;
}

}  // namespace brigade::broker
