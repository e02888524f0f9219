// A store from its opening to its end, and what it may hold when it is opened again.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "broker/store/sqlite_store.h"
#include "tests/power/model.h"

namespace brigade::power {

/// An opened store that syncs. What is written by one call is one batch: between calls the store's writer thread is
/// held, so that the same calls lead to the same operations on the disk.
class Life {
 public:
  explicit Life(const std::filesystem::path& folder);
  ~Life() { close(); }
  Life(const Life&) = delete;
  Life& operator=(const Life&) = delete;

  /// Why it could not be opened.
  const std::optional<Error>& error() const { return error_; }
  const broker::Recovered& recovered() const { return recovered_; }
  broker::Store& store() { return *store_; }

  /// Returns when all is announced, or the store has failed, or says that it stalls.
  void write(const std::vector<broker::Write>& writes);
  /// Returns when a stalled store has announced all that was written, or failed.
  void wait_for_space() { wait(false); }
  void close();

  /// How many writes it announced while there was power.
  std::uint64_t announced() const;
  std::optional<std::string> failed() const;
  std::optional<std::string> stalled() const;
  bool resumed() const;

 private:
  broker::StoreSignals signals();
  void on_committed(std::uint64_t sequence);
  void append(const broker::Write& write);
  void wait(bool or_stalled);

  std::optional<Error> error_;
  broker::Recovered recovered_;

  mutable std::mutex mutex_;
  std::condition_variable changed_;
  std::uint64_t appended_ = 0;
  std::uint64_t released_ = 0;   ///< writes that the writer may take without being held
  std::uint64_t committed_ = 0;  ///< by the store's word
  std::uint64_t announced_ = 0;
  bool resumed_ = false, closing_ = false;
  std::optional<std::string> failed_, stalled_;

  std::unique_ptr<broker::Store> store_;  // last: it calls back
};

/// What a store was told, over all its lives.
class Expected {
 public:
  const Model& model() const { return model_; }
  /// What it was told in this life, and how much of it was announced.
  void note(const std::vector<broker::Write>& writes);
  void note_announced(std::uint64_t writes) { announced_ = writes; }
  /// Compares with a store that was just opened: it must hold what was announced, may hold more of what was written,
  /// but nothing else and nothing in part. What it holds is what goes on. Returns what is wrong.
  std::optional<std::string> meet(Life& life);

 private:
  Model base_;   ///< at the opening
  Model model_;  ///< with all that was written since
  std::vector<broker::Write> written_;
  std::uint64_t announced_ = 0;
  std::uint64_t epoch_ = 0;
};

}  // namespace brigade::power
