#include "broker/store/sqlite_store.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <deque>
#include <map>
#include <set>
#include <string>
#include <utility>

#include "broker/store/file.h"
#include "broker/store/index.h"
#include "broker/store/payload_files.h"
#include "broker/store/reader.h"
#include "broker/store/recovery.h"
#include "broker/store/writer.h"
#include "proto/base/os.h"

namespace brigade::broker {
namespace {

bool on_one_disk(const std::filesystem::path& one, const std::filesystem::path& other) {
  struct stat a {
  }, b{};
  return ::stat(one.c_str(), &a) == 0 && ::stat(other.c_str(), &b) == 0 && a.st_dev == b.st_dev;
}

/// The names of the folder and of those above it are on disk: of all that a broker may have made.
MaybeTrouble sync_names(const std::filesystem::path& folder) {
  auto above = folder.parent_path();
  if (auto trouble = sync_folder(above)) return trouble;
  while (above.has_relative_path()) {
    above = above.parent_path();
    if (!on_one_disk(above, folder) || ::access(above.c_str(), R_OK) != 0) return std::nullopt;
    if (auto trouble = sync_folder(above)) return trouble;
  }
  return std::nullopt;
}

MaybeTrouble make_state_folder(const std::filesystem::path& folder, bool sync) {
  auto trouble = make_folders(folder.parent_path());
  if (!trouble) trouble = make_private_folder(folder);
  // An earlier life may have died between making the folders and syncing them.
  const bool in_use = std::filesystem::exists(index_file(folder));
  if (!trouble && sync && !in_use) trouble = sync_names(folder);
  return trouble;
}

/// Held until closed, however the process ends.
Result<base::Fd> lock_folder(const std::filesystem::path& folder) {
  const auto file = folder / "lock";
  base::Fd fd(::open(file.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600));
  if (!fd) return storage_error(trouble_with(file, errno).reason);
  if (::flock(fd.get(), LOCK_EX | LOCK_NB) != 0) {
    if (errno != EWOULDBLOCK) return storage_error(trouble_with(file, errno).reason);
    std::array<char, 32> holder{};
    const ssize_t size = ::pread(fd.get(), holder.data(), holder.size() - 1, 0);
    return Error{ErrorCode::conflict, folder.string() + " is in use by another broker" +
                                          (size > 0 ? " (process " + std::string(holder.data()) + ")" : "") +
                                          ". Stop that one, or choose another folder"};
  }
  const std::string self = std::to_string(::getpid());  // for the message above; the lock does not depend on it
  if (::ftruncate(fd.get(), 0) != 0 || ::pwrite(fd.get(), self.data(), self.size(), 0) < 0)
    return storage_error(trouble_with(file, errno).reason);
  return fd;
}

/// Where nothing is synced a write need not be on disk to count: what dies with the machine anyway, or with its broker,
/// may wait in memory. So it counts at once, up to half of what the reader's cache keeps on its way to the disk.
constexpr Duration kGather = std::chrono::milliseconds(50);

/// Which writes count although they are not on disk yet.
class EarlyCommits {
 public:
  explicit EarlyCommits(std::uint64_t cache_bytes) : bytes_max_(cache_bytes / 2), record_bytes_max_(cache_bytes / 8) {}

  /// Whether this write counts at once. Writes that do not wait for the writer, and all behind them.
  bool admit(Sequence sequence, std::uint64_t bytes, Sequence on_disk) {
    while (!underway_.empty() && underway_.front().sequence <= on_disk) {
      bytes_ -= underway_.front().bytes;
      underway_.pop_front();
    }
    counting_ = std::max(counting_, on_disk);
    underway_.push_back({sequence, bytes});
    bytes_ += bytes;
    const bool next = counting_.value + 1 == sequence.value;
    if (!next || bytes > record_bytes_max_ || bytes_ > bytes_max_) return false;
    counting_ = sequence;
    return true;
  }
  Sequence counting() const { return counting_; }

 private:
  struct Write {
    Sequence sequence;
    std::uint64_t bytes;
  };
  const std::uint64_t bytes_max_;
  const std::uint64_t record_bytes_max_;  // below what the cache takes
  std::deque<Write> underway_;
  std::uint64_t bytes_ = 0;
  Sequence counting_;
};

class SqliteStore final : public Store {
 public:
  struct Setup {
    base::Fd lock;
    std::unique_ptr<Reader> reader;
    WriterSetup writer;
    std::map<JobId, std::uint64_t> numbers;
    std::uint64_t next_number = 1;
    bool synced = true;
    std::uint64_t cache_bytes = 0;
  };

  explicit SqliteStore(Setup setup)
      : lock_(std::move(setup.lock)),
        numbers_(std::move(setup.numbers)),
        next_number_(setup.next_number),
        synced_(setup.synced),
        early_(setup.cache_bytes),
        writer_(std::move(setup.writer)),
        reader_(std::move(setup.reader)) {}

  bool append(Sequence sequence, Write write) override {
    const JobId id = std::visit([](const auto& kind) { return kind.job; }, write);
    if (std::holds_alternative<JobOpened>(write)) open_job(id);
    const auto known = numbers_.find(id);
    require(known != numbers_.end());
    const std::uint64_t number = known->second;
    const Sequence on_disk = writer_.committed();
    if (const auto* chunk = std::get_if<ChunkArrived>(&write)) reader_->note(number, sequence, *chunk, on_disk);
    if (const auto* block = std::get_if<BlockAppended>(&write)) reader_->note(number, sequence, *block, on_disk);
    const bool counts = !synced_ && early_.admit(sequence, payload_bytes(write), on_disk);
    if (std::holds_alternative<JobForgotten>(write)) {
      reader_->forget(number);
      numbers_.erase(known);
    }
    writer_.push({.sequence = sequence, .job = number, .write = std::move(write)});
    return counts;
  }

  Result<StoredArguments> arguments(JobId job, Run run) override {
    const auto known = numbers_.find(job);
    if (known == numbers_.end()) return unknown(job);
    return reader_->arguments(known->second, run, readable());
  }

  Result<std::vector<StoredBlock>> blocks(JobId job, std::uint64_t position, std::uint64_t bytes_max,
                                          bool failed_only) override {
    const auto known = numbers_.find(job);
    if (known == numbers_.end()) return unknown(job);
    return failed_only ? reader_->failed_blocks(known->second, position, bytes_max, readable())
                       : reader_->blocks(known->second, position, bytes_max, readable());
  }

  Result<std::vector<StoredBlock>> blocks_with(JobId job, Run run, std::uint64_t bytes_max) override {
    const auto known = numbers_.find(job);
    if (known == numbers_.end()) return unknown(job);
    return reader_->blocks_with(known->second, run, bytes_max, readable());
  }

  Result<Bytes> part(JobId job, std::uint64_t position, std::uint64_t offset, std::uint64_t bytes) override {
    const auto known = numbers_.find(job);
    if (known == numbers_.end()) return unknown(job);
    return reader_->part(known->second, position, offset, bytes, readable());
  }

  std::uint64_t size_bytes() const override { return writer_.bytes(); }

 private:
  Sequence readable() const { return std::max(writer_.committed(), early_.counting()); }

  void open_job(JobId id) {
    const bool is_new = numbers_.emplace(id, next_number_).second;
    require(is_new);
    reader_->note_opened(next_number_);
    ++next_number_;
  }

  static Error unknown(JobId job) { return {ErrorCode::not_found, "the store has no job " + to_string(job)}; }

  base::Fd lock_;
  std::map<JobId, std::uint64_t> numbers_;
  std::uint64_t next_number_;
  const bool synced_;
  EarlyCommits early_;
  Writer writer_;
  std::unique_ptr<Reader> reader_;  // closed before the writer, whose connection tidies up as the last one
};

std::set<std::uint64_t> numbers_of(const std::map<JobId, std::uint64_t>& numbers) {
  std::set<std::uint64_t> set;
  for (const auto& entry : numbers) set.insert(entry.second);
  return set;
}

}  // namespace

Result<OpenedStore> open_store(StoreOptions options) {
  auto folder = std::filesystem::absolute(options.folder);
  if (!folder.has_filename()) folder = folder.parent_path();  // it was given with a slash at its end
  if (auto trouble = make_state_folder(folder, options.sync)) return storage_error(trouble->reason);
  auto lock = lock_folder(folder);
  if (!lock) return lock.error();
  auto index = Index::open(folder, options.sync);
  if (!index) return index.error();
  auto found = recover((*index)->database());
  if (!found) return found.error();
  auto files = PayloadFiles::open(segments_folder(folder), options.sync, numbers_of(found->numbers),
                                  {found->forgotten.begin(), found->forgotten.end()});
  if (!files) return files.error();
  auto reader = Reader::open(folder, options.cache_bytes);
  if (!reader) return reader.error();
  if (options.sync)
    if (auto trouble = sync_folder(folder)) return storage_error(trouble->reason);

  Recovered recovered{.epoch = (*index)->epoch(), .jobs = std::move(found->jobs)};
  WriterSetup writer{.index = *std::move(index),
                     .files = *std::move(files),
                     .signals = std::move(options.signals),
                     .forgotten = std::move(found->forgotten),
                     .gather = options.sync ? Duration{} : kGather};
  SqliteStore::Setup setup{.lock = *std::move(lock),
                           .reader = *std::move(reader),
                           .writer = std::move(writer),
                           .numbers = std::move(found->numbers),
                           .next_number = found->next_number,
                           .synced = options.sync,
                           .cache_bytes = options.cache_bytes};
  return OpenedStore{.store = std::make_unique<SqliteStore>(std::move(setup)), .recovered = std::move(recovered)};
}

}  // namespace brigade::broker
