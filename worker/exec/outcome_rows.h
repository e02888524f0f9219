// Collects how tasks ended into the columns of a block.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "proto/model/outcome.h"

namespace brigade::worker {

/// A column that costs nothing while all its rows are equal.
template <class T>
class ColumnRows {
 public:
  void add(T row) {
    if (rows_.empty()) {
      if (count_ == 0) constant_ = row;
      if (constant_ == row) {
        ++count_;
        return;
      }
      rows_.assign(count_, constant_);
    }
    rows_.push_back(row);
  }
  Column<T> take() { return rows_.empty() ? Column<T>(constant_) : Column<T>(Bytes::of(std::move(rows_))); }

 private:
  T constant_{};
  std::size_t count_ = 0;  // rows while all are equal
  std::vector<T> rows_;
};

/// One finished task.
struct OutcomeRow {
  std::uint64_t index = 0;
  TaskStatus status = TaskStatus::ok;
  float start_ms = 0;
  float run_ms = 0;
  std::uint32_t retry_after_ms = kFinal;
};

class OutcomeRows {
 public:
  /// Whether a row with a value of `size` bytes still belongs into this block. An empty block takes everything.
  bool fits(std::size_t size) const;
  /// `owned`, where given, is the string that `value` views, and may be moved from.
  void add(const OutcomeRow& row, std::string_view value, std::string* owned = nullptr);
  bool empty() const { return count_ == 0; }
  /// Whether it is worth a message of its own, however quickly more comes.
  bool is_grown() const;
  /// What was collected. The rows are used up.
  Outcomes take();

 private:
  std::size_t count_ = 0;
  Runs runs_;
  ColumnRows<TaskStatus> status_;
  std::vector<float> start_ms_;
  std::vector<float> run_ms_;
  ColumnRows<std::uint32_t> retry_after_ms_;
  ColumnRows<std::uint32_t> sizes_;
  std::string blob_;
};

}  // namespace brigade::worker
