// The thread that writes: everything queued goes into one commit, and is announced once it is on disk.
#pragma once

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <deque>
#include <memory>
#include <mutex>
#include <set>
#include <span>
#include <thread>
#include <vector>

#include "broker/store/index.h"
#include "broker/store/payload_files.h"
#include "broker/store/row_writer.h"
#include "broker/store/store.h"

namespace brigade::broker {

struct QueuedWrite {
  Sequence sequence;
  std::uint64_t job = 0;  ///< its number in the index
  Write write;
};

struct WriterSetup {
  std::unique_ptr<Index> index;
  PayloadFiles files;
  StoreSignals signals;
  std::deque<std::uint64_t> forgotten;  ///< jobs whose rows an earlier life left behind
  Duration gather{};                    ///< how long a commit may wait for more to write
};

/// A full disk: the batch is undone, announced as stalled once, and tried again until it goes through. A failed sync or
/// a damaged store: announced as failed; nothing is written or acknowledged any more.
class Writer {
 public:
  explicit Writer(WriterSetup setup);
  /// Commits what is queued, unless the store failed or the disk is full, and joins the thread.
  ~Writer();

  void push(QueuedWrite write);
  /// The last write that is on disk. From any thread.
  Sequence committed() const { return {committed_.load(std::memory_order_acquire)}; }
  /// Bytes of all jobs' files and of the index's pages in use. From any thread.
  std::uint64_t bytes() const { return bytes_.load(std::memory_order_relaxed); }

 private:
  void run();
  /// Waits for writes, or for its turn to purge, and takes what is queued. False: it is time to stop.
  bool take(std::vector<QueuedWrite>& taken);
  bool commit_all(std::span<const QueuedWrite> writes);
  /// The first `count` of the writes that were taken.
  bool commit(std::span<const QueuedWrite> writes, std::size_t count);
  MaybeTrouble try_commit(std::span<const QueuedWrite> batch);
  MaybeTrouble write_batch(std::span<const QueuedWrite> batch);
  void finish(std::span<const QueuedWrite> batch);
  /// Announces it and waits before the next try. True: that is the last one, the store is closing.
  bool stall(const Trouble& trouble);
  void fail(const Trouble& trouble);
  /// On a full disk jobs that are to be forgotten go first: they make room. Their writes come once more in their turn,
  /// and change nothing then.
  MaybeTrouble forget_ahead(std::span<const QueuedWrite> stuck);
  /// Of `stuck` and of what is queued: jobs that are to be forgotten and have nothing to be written before.
  std::vector<std::uint64_t> forgettable(std::span<const QueuedWrite> stuck);
  /// The job is forgotten: its files and rows are waste.
  void let_go(std::uint64_t job);
  /// Whether there is something to delete or to give back to the disk.
  bool has_waste() const { return !forgotten_.empty() || slack_; }
  /// A step of that.
  bool purge();
  MaybeTrouble purge_rows(std::size_t& jobs_done);
  void count_bytes();

  std::unique_ptr<Index> index_;
  PayloadFiles files_;
  StoreSignals signals_;
  RowWriter rows_;
  const Duration gather_;
  std::deque<std::uint64_t> forgotten_;
  std::set<std::uint64_t> ahead_;  ///< jobs that were forgotten before their turn
  bool stalled_ = false;
  bool slack_ = false;          ///< the index has free pages to give back
  bool purge_refused_ = false;  ///< the disk was full the last time

  std::atomic<std::uint64_t> committed_{0};
  std::atomic<std::uint64_t> bytes_{0};

  std::mutex mutex_;
  std::condition_variable wake_;
  std::vector<QueuedWrite> queue_;
  std::uint64_t queued_bytes_ = 0;
  bool stopping_ = false;

  std::thread thread_;  // last: it uses all of the above
};

}  // namespace brigade::broker
