// A store in a folder of its own, and a listener that a test can wait for.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <filesystem>
#include <fstream>
#include <functional>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "broker/store/index.h"
#include "broker/store/payload_files.h"
#include "broker/store/sqlite_store.h"
#include "tests/support/temporary_folder.h"

namespace brigade::broker {

/// Only a broken store makes a test wait this long.
inline constexpr std::chrono::seconds kPatience{60};

/// Bytes that no job of these tests has.
inline constexpr std::uint64_t kAll = 1 << 30;

class TemporaryFolder : public test::TemporaryFolder {
 public:
  std::filesystem::path state() const { return path() / "state"; }
};

/// What the writer said, in order.
class Listener {
 public:
  StoreSignals signals() {
    return {.committed = [this](Sequence sequence) { note([&] { committed_.push_back(sequence.value); }); },
            .stalled = [this](std::string reason) { note([&] { stalled_.push_back(std::move(reason)); }); },
            .resumed = [this] { note([&] { ++resumed_; }); },
            .failed = [this](std::string reason) { note([&] { failed_.push_back(std::move(reason)); }); }};
  }

  bool wait_committed(std::uint64_t sequence) {
    return wait([&] { return !committed_.empty() && committed_.back() >= sequence; });
  }
  bool wait_stalled() {
    return wait([&] { return !stalled_.empty(); });
  }
  bool wait_failed() {
    return wait([&] { return !failed_.empty(); });
  }

  std::vector<std::uint64_t> committed() { return copy(committed_); }
  std::vector<std::string> stalled() { return copy(stalled_); }
  std::vector<std::string> failed() { return copy(failed_); }
  int resumed() { return copy(resumed_); }

 private:
  void note(const std::function<void()>& change) {
    const std::lock_guard lock(mutex_);
    change();
    changed_.notify_all();
  }
  bool wait(const std::function<bool()>& reached) {
    std::unique_lock lock(mutex_);
    return changed_.wait_for(lock, kPatience, reached);
  }
  template <class T>
  T copy(const T& value) {
    const std::lock_guard lock(mutex_);
    return value;
  }

  std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<std::uint64_t> committed_;
  std::vector<std::string> stalled_, failed_;
  int resumed_ = 0;
};

/// An open store, numbering its writes. Most tests need no syncing: what they test is the same without.
class OpenStore {
 public:
  explicit OpenStore(std::filesystem::path folder, bool sync = false) {
    auto opened = open_store({.folder = std::move(folder), .sync = sync, .signals = listener_.signals()});
    if (!opened) {
      error_ = opened.error();
      return;
    }
    store_ = std::move(opened->store);
    recovered_ = std::move(opened->recovered);
  }

  const std::optional<Error>& error() const { return error_; }
  const Recovered& recovered() const { return recovered_; }
  Listener& listener() { return listener_; }
  Store& operator*() { return *store_; }
  Store* operator->() { return store_.get(); }

  /// Whether it counts already, though it is perhaps not on disk.
  bool append(Write write) { return store_->append({++sequence_}, std::move(write)); }
  /// Waits until everything appended is on disk.
  bool commit() { return listener_.wait_committed(sequence_); }
  std::uint64_t sequence() const { return sequence_; }
  void close() { store_.reset(); }

 private:
  Listener listener_;
  std::optional<Error> error_;
  std::unique_ptr<Store> store_;
  Recovered recovered_;
  std::uint64_t sequence_ = 0;
};

inline const JobId kJob{0x1111, 0x2222};
inline const JobId kOther{0x3333, 0x4444};

inline JobSpec spec_named(std::string name) {
  JobSpec spec;
  spec.kind = "echo";
  spec.name = std::move(name);
  spec.key = "key of " + spec.name;
  return spec;
}

inline Values values_of(const std::vector<std::string>& texts) {
  ValuesBuilder builder;
  for (const std::string& text : texts) builder.add(text);
  return builder.take();
}

/// "<prefix><task>" for the tasks of a run.
inline Values numbered(std::string_view prefix, Run run) {
  ValuesBuilder builder;
  for (std::uint64_t task = run.first; task < run.end(); ++task)
    builder.add(std::string(prefix) + std::to_string(task));
  return builder.take();
}

inline ChunkArrived chunk_of(JobId job, std::uint64_t sequence, Run run) {
  return {.job = job,
          .sequence = sequence,
          .run = run,
          .arguments = numbered("argument ", run),
          .labels = numbered("line ", run)};
}

/// Outcomes that are ok, with values that tell the tasks apart; `padding` bytes more for each.
inline Outcomes ok_outcomes(const Runs& runs, std::size_t padding = 0) {
  Outcomes outcomes{.runs = runs};
  std::vector<float> times;
  ValuesBuilder values;
  for (const Run& run : runs) {
    for (std::uint64_t task = run.first; task < run.end(); ++task) {
      times.push_back(static_cast<float>(task));
      values.add("answer " + std::to_string(task) + std::string(padding, '.'));
    }
  }
  outcomes.status = Column<TaskStatus>(TaskStatus::ok);
  outcomes.start_ms = Column<float>(0.5F);
  outcomes.run_ms = Column<float>::of(std::move(times));
  outcomes.values = values.take();
  return outcomes;
}

inline BlockAppended block_of(JobId job, std::uint64_t position, Outcomes outcomes) {
  return {.job = job,
          .position = position,
          .origin = {.worker = "w" + std::to_string(position), .attempts = 1, .queued_ms = 2.5F, .leased_at = {77}},
          .outcomes = std::move(outcomes)};
}

/// A range job of `tasks` tasks, opened and sealed.
inline void open_range(OpenStore& store, JobId job, std::uint64_t tasks) {
  JobSpec spec = spec_named("range");
  spec.range = Arithmetic{.start = 0, .step = 1, .count = tasks};
  store.append(JobOpened{.job = job, .spec = spec, .client = "someone", .opened_at = {1}});
  store.append(JobSealed{.job = job, .tasks = tasks, .hash = {}, .accepted_at = {2}});
}

using Positions = std::vector<std::uint64_t>;
inline Positions positions(const Result<std::vector<StoredBlock>>& blocks) {
  std::vector<std::uint64_t> found;
  if (!blocks) {
    ADD_FAILURE() << blocks.error().message;
    return found;
  }
  for (const StoredBlock& block : *blocks) found.push_back(block.position);
  return found;
}

/// Damages one byte of a file.
inline void flip_byte(const std::filesystem::path& file, std::uint64_t offset) {
  std::fstream stream(file, std::ios::binary | std::ios::in | std::ios::out);
  stream.seekg(static_cast<std::streamoff>(offset));
  const char byte = static_cast<char>(stream.get() ^ 0x40);
  stream.seekp(static_cast<std::streamoff>(offset));
  stream.put(byte);
  ASSERT_TRUE(stream.good());
}

/// Changes the closed store's index behind its back.
inline void run_sql(const std::filesystem::path& folder, const char* sql) {
  auto database = Database::open(index_file(folder), Access::read_write);
  ASSERT_TRUE(database);
  const auto trouble = (*database)->run(sql);
  ASSERT_FALSE(trouble) << trouble->reason;
}

/// Files of segments, by name.
inline std::vector<std::string> segments(const TemporaryFolder& folder) {
  std::vector<std::string> names;
  for (const auto& entry : std::filesystem::directory_iterator(segments_folder(folder.state())))
    names.push_back(entry.path().filename().string());
  std::sort(names.begin(), names.end());
  return names;
}

inline std::vector<BlockAppended> three_blocks() {
  Outcomes mixed = ok_outcomes({{10, 3}, {20, 1}});
  mixed.status = Column<TaskStatus>::of({TaskStatus::ok, TaskStatus::dns, TaskStatus::timeout, TaskStatus::cancelled});
  Outcomes large = ok_outcomes({{30, 6}}, 50'000);  // goes to a segment
  large.status = Column<TaskStatus>(TaskStatus::internal);
  return {block_of(kJob, 0, ok_outcomes({{0, 10}})), block_of(kJob, 10, mixed), block_of(kJob, 14, large)};
}

inline void expect_blocks(Store& store, const std::vector<BlockAppended>& written) {
  const auto stored = store.blocks(kJob, 0, kAll, false);
  ASSERT_TRUE(stored) << stored.error().message;
  ASSERT_EQ(stored->size(), written.size());
  for (std::size_t i = 0; i < written.size(); ++i) {
    EXPECT_EQ((*stored)[i].position, written[i].position);
    EXPECT_EQ((*stored)[i].origin, written[i].origin);
    EXPECT_EQ((*stored)[i].outcomes, written[i].outcomes);
  }
}

}  // namespace brigade::broker
