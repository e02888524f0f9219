#include "broker/store/writer.h"

#include <algorithm>
#include <chrono>
#include <string>
#include <utility>
#include <variant>

namespace brigade::broker {
namespace {

constexpr std::chrono::milliseconds kRetryEvery{200};
/// Bounds of one commit, so that the first of a long queue are not acknowledged last.
constexpr std::size_t kBatchWritesMax = 4096;
constexpr std::uint64_t kBatchBytesMax = std::uint64_t{32} << 20;
/// A commit that may wait for more does not wait for more than this.
constexpr std::uint64_t kGatheredBytesMax = std::uint64_t{4} << 20;
/// Rows that one commit deletes: what writes may have to wait for.
constexpr std::uint64_t kPurgeRowsMax = 4096;
constexpr std::size_t kPurgeJobsMax = 64;
/// Bytes of files that one commit gives back.
constexpr std::uint64_t kPurgeBytesMax = std::uint64_t{16} << 20;

std::size_t batch_size(std::span<const QueuedWrite> writes) {
  std::uint64_t bytes = 0;
  std::size_t count = 0;
  while (count < std::min(writes.size(), kBatchWritesMax) && bytes < kBatchBytesMax)
    bytes += broker::payload_bytes(writes[count++].write);
  return count;
}

}  // namespace

Writer::Writer(WriterSetup setup)
    : index_(std::move(setup.index)),
      files_(std::move(setup.files)),
      signals_(std::move(setup.signals)),
      rows_(index_->database(), files_),
      gather_(setup.gather),
      forgotten_(std::move(setup.forgotten)),
      slack_(index_->has_slack()),
      bytes_(files_.bytes() + index_->used_bytes()),
      thread_([this] { run(); }) {}

Writer::~Writer() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  wake_.notify_one();
  thread_.join();
}

void Writer::push(QueuedWrite write) {
  bool wake = false;
  {
    const std::lock_guard lock(mutex_);
    queued_bytes_ += broker::payload_bytes(write.write);
    wake = queue_.empty() || queued_bytes_ >= kGatheredBytesMax;
    queue_.push_back(std::move(write));
  }
  if (wake) wake_.notify_one();
}

void Writer::run() {
  std::vector<QueuedWrite> taken;
  while (take(taken)) {
    if (!commit_all(taken)) return;
    taken.clear();
    if (auto trouble = index_->checkpoint_when_due()) return fail(*trouble);
    if (!purge()) return;
  }
}

bool Writer::take(std::vector<QueuedWrite>& taken) {
  std::unique_lock lock(mutex_);
  const auto due = [this] { return stopping_ || !queue_.empty(); };
  if (!has_waste())
    wake_.wait(lock, due);
  else if (purge_refused_)
    wake_.wait_for(lock, kRetryEvery, due);
  if (gather_ > Duration{} && !queue_.empty())
    wake_.wait_for(lock, gather_, [this] { return stopping_ || queued_bytes_ >= kGatheredBytesMax; });
  queued_bytes_ = 0;
  taken.swap(queue_);
  return !taken.empty() || !stopping_;
}

bool Writer::commit_all(std::span<const QueuedWrite> writes) {
  while (!writes.empty()) {
    const std::size_t count = batch_size(writes);
    if (!commit(writes, count)) return false;
    finish(writes.first(count));
    writes = writes.subspan(count);
  }
  return true;
}

bool Writer::commit(std::span<const QueuedWrite> writes, std::size_t count) {
  bool last_try = false;
  auto trouble = try_commit(writes.first(count));
  while (trouble && trouble->passing && !last_try) {
    last_try = stall(*trouble);
    trouble = forget_ahead(writes);
    if (!trouble || trouble->passing) trouble = try_commit(writes.first(count));
  }
  if (trouble && !trouble->passing) fail(*trouble);
  if (trouble) return false;
  if (std::exchange(stalled_, false) && signals_.resumed) signals_.resumed();
  return true;
}

MaybeTrouble Writer::try_commit(std::span<const QueuedWrite> batch) {
  auto trouble = write_batch(batch);
  if (!trouble) {
    files_.accept();
    return std::nullopt;
  }
  index_->roll_back();
  if (trouble->passing)
    if (auto worse = files_.undo()) return worse;
  return trouble;
}

MaybeTrouble Writer::write_batch(std::span<const QueuedWrite> batch) {
  if (auto trouble = index_->begin()) return trouble;
  for (const QueuedWrite& queued : batch)
    if (auto trouble = rows_.put(queued.job, queued.write)) return trouble;
  if (auto trouble = files_.sync()) return trouble;  // before the rows that point there
  return index_->commit();
}

void Writer::finish(std::span<const QueuedWrite> batch) {
  for (const QueuedWrite& queued : batch) {
    const bool is_forgotten = std::holds_alternative<JobForgotten>(queued.write);
    if (is_forgotten && ahead_.erase(queued.job) == 0) let_go(queued.job);
  }
  files_.remove_some(kPurgeBytesMax);
  count_bytes();
  committed_.store(batch.back().sequence.value, std::memory_order_release);
  if (signals_.committed) signals_.committed(batch.back().sequence);
}

bool Writer::stall(const Trouble& trouble) {
  if (!std::exchange(stalled_, true) && signals_.stalled) signals_.stalled(trouble.reason);
  std::unique_lock lock(mutex_);
  return wake_.wait_for(lock, kRetryEvery, [this] { return stopping_; });
}

std::vector<std::uint64_t> Writer::forgettable(std::span<const QueuedWrite> stuck) {
  std::vector<std::uint64_t> jobs;
  std::set<std::uint64_t> written = ahead_;
  const auto look = [&](const QueuedWrite& queued) {
    const bool is_first = written.insert(queued.job).second;
    if (is_first && std::holds_alternative<JobForgotten>(queued.write)) jobs.push_back(queued.job);
  };
  std::ranges::for_each(stuck, look);
  const std::lock_guard lock(mutex_);
  std::ranges::for_each(queue_, look);
  return jobs;
}

MaybeTrouble Writer::forget_ahead(std::span<const QueuedWrite> stuck) {
  const std::vector<std::uint64_t> jobs = forgettable(stuck);
  auto trouble = jobs.empty() ? std::nullopt : index_->begin();
  for (const std::uint64_t job : jobs)
    if (!trouble) trouble = rows_.put(job, Write(JobForgotten{}));
  if (!trouble && !jobs.empty()) trouble = index_->commit();
  if (trouble) {
    index_->roll_back();
    return trouble;
  }
  for (const std::uint64_t job : jobs) {
    let_go(job);
    ahead_.insert(job);
  }
  files_.remove_some(kPurgeBytesMax);
  return std::nullopt;
}

void Writer::let_go(std::uint64_t job) {
  files_.remove(job);
  forgotten_.push_back(job);
}

void Writer::fail(const Trouble& trouble) {
  if (signals_.failed) signals_.failed(trouble.reason);
}

bool Writer::purge() {
  if (!has_waste()) return true;
  files_.remove_some(kPurgeBytesMax);
  std::size_t jobs_done = 0;
  auto trouble = index_->begin();
  if (!trouble) trouble = purge_rows(jobs_done);
  const bool rows_gone = jobs_done == forgotten_.size();
  if (!trouble && rows_gone && index_->has_slack()) trouble = index_->shrink();
  if (!trouble) trouble = index_->commit();
  purge_refused_ = trouble.has_value();
  if (!trouble) {
    forgotten_.erase(forgotten_.begin(), forgotten_.begin() + static_cast<std::ptrdiff_t>(jobs_done));
    slack_ = index_->has_slack();
    if (rows_gone && !slack_) trouble = index_->checkpoint();  // the file is as short as it becomes
    count_bytes();
  } else {
    index_->roll_back();
  }
  if (trouble && !trouble->passing) fail(*trouble);
  return !trouble || trouble->passing;
}

/// A job's rows go after its files: while there are files, its number must not be given again.
MaybeTrouble Writer::purge_rows(std::size_t& jobs_done) {
  for (; jobs_done < std::min(forgotten_.size(), kPurgeJobsMax); ++jobs_done) {
    if (!files_.is_removed(forgotten_[jobs_done])) return std::nullopt;
    bool more = false;
    if (auto trouble = rows_.purge(forgotten_[jobs_done], kPurgeRowsMax, more)) return trouble;
    if (more) return std::nullopt;
  }
  return std::nullopt;
}

void Writer::count_bytes() {
  bytes_.store(files_.bytes() + index_->used_bytes(), std::memory_order_relaxed);
}

}  // namespace brigade::broker
