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
#include <system_error>
#include <utility>

#include "broker/store/index.h"
#include "broker/store/payload_files.h"
#include "broker/store/reader.h"
#include "broker/store/recovery.h"
#include "broker/store/writer.h"
#include "proto/base/os.h"

namespace brigade::broker {
namespace {

Error storage_error(const std::filesystem::path& file, int error_number) {
  return {ErrorCode::storage, trouble_with(file, error_number).reason};
}

Result<void> sync_folder(const std::filesystem::path& folder) {
  const base::Fd fd(::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!fd || ::fsync(fd.get()) != 0) return storage_error(folder, errno);
  return {};
}

Result<void> make_folder(const std::filesystem::path& folder, bool sync) {
  const auto parent = std::filesystem::absolute(folder).parent_path();
  std::error_code failed;
  std::filesystem::create_directories(parent, failed);
  if (failed) return storage_error(parent, failed.value());
  if (::mkdir(folder.c_str(), 0700) == 0) return sync ? sync_folder(parent) : Result<void>{};
  if (errno != EEXIST) return storage_error(folder, errno);
  return {};
}

/// Held until closed, however the process ends.
Result<base::Fd> lock_folder(const std::filesystem::path& folder) {
  const auto file = folder / "lock";
  base::Fd fd(::open(file.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600));
  if (!fd) return storage_error(file, errno);
  if (::flock(fd.get(), LOCK_EX | LOCK_NB) != 0) {
    if (errno != EWOULDBLOCK) return storage_error(file, errno);
    std::array<char, 32> holder{};
    const ssize_t size = ::pread(fd.get(), holder.data(), holder.size() - 1, 0);
    return Error{ErrorCode::conflict, folder.string() + " is in use by another broker" +
                                          (size > 0 ? " (process " + std::string(holder.data()) + ")" : "") +
                                          ". Stop that one, or choose another folder"};
  }
  const std::string self = std::to_string(::getpid());  // for the message above; the lock does not depend on it
  if (::ftruncate(fd.get(), 0) != 0 || ::pwrite(fd.get(), self.data(), self.size(), 0) < 0)
    return storage_error(file, errno);
  return fd;
}

/// Where nothing is synced a write need not be on disk to count: what dies with the machine anyway, or with its broker,
/// may wait in memory. So it counts at once, up to so many bytes on their way to the disk.
constexpr std::uint64_t kUnderwayBytesMax = std::uint64_t{16} << 20;
constexpr std::uint64_t kEarlyRecordMax = std::uint64_t{4} << 20;  // below what the reader's cache keeps
constexpr Duration kGather = std::chrono::milliseconds(50);

/// Which writes count although they are not on disk yet.
class EarlyCommits {
 public:
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
    if (!next || bytes > kEarlyRecordMax || bytes_ > kUnderwayBytesMax) return false;
    counting_ = sequence;
    return true;
  }
  Sequence counting() const { return counting_; }

 private:
  struct Write {
    Sequence sequence;
    std::uint64_t bytes;
  };
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
  };

  explicit SqliteStore(Setup setup)
      : lock_(std::move(setup.lock)),
        numbers_(std::move(setup.numbers)),
        next_number_(setup.next_number),
        synced_(setup.synced),
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
    const bool counts = !synced_ && early_.admit(sequence, payload_of(write), on_disk);
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

  Result<std::vector<StoredBlock>> blocks_with(JobId job, Run run) override {
    const auto known = numbers_.find(job);
    if (known == numbers_.end()) return unknown(job);
    return reader_->blocks_with(known->second, run, readable());
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
  const auto& folder = options.folder;
  if (auto made = make_folder(folder, options.sync); !made) return made.error();
  auto lock = lock_folder(folder);
  if (!lock) return lock.error();
  auto index = Index::open(folder, options.sync);
  if (!index) return index.error();
  auto found = recover((*index)->database());
  if (!found) return found.error();
  auto files = PayloadFiles::open(segments_folder(folder), options.sync, numbers_of(found->numbers),
                                  {found->forgotten.begin(), found->forgotten.end()});
  if (!files) return files.error();
  auto reader = Reader::open(folder);
  if (!reader) return reader.error();
  if (options.sync)
    if (auto synced = sync_folder(folder); !synced) return synced.error();

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
                           .synced = options.sync};
  return OpenedStore{.store = std::make_unique<SqliteStore>(std::move(setup)), .recovered = std::move(recovered)};
}

}  // namespace brigade::broker
