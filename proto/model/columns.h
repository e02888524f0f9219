// Columns: one value per task of a slice or block, or one value for all of them.
#pragma once

#include <cstdint>
#include <cstring>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

#include "proto/model/bytes.h"
#include "proto/model/result.h"

namespace brigade {

/// Fixed-width little-endian numbers, either packed one after another or one constant for every row.
/// A view of a received frame is a column without a copy; the memory need not be aligned.
template <class T>
class Column {
  static_assert(std::is_trivially_copyable_v<T>);

 public:
  Column() = default;
  /// Every row has `constant`.
  explicit Column(T constant) : constant_(constant) {}
  /// Row i is at byte i * sizeof(T). REQUIRES: the size is a multiple of sizeof(T), and not 0.
  explicit Column(Bytes items) : items_(std::move(items)) {
    require(!items_.empty() && items_.size() % sizeof(T) == 0);
  }

  /// Packs `rows`, as one constant where they are all equal.
  static Column of(std::vector<T> rows) {
    if (rows.empty()) return Column(T{});
    bool equal = true;
    for (const T& row : rows) equal = equal && std::memcmp(&row, &rows.front(), sizeof(T)) == 0;
    return equal ? Column(rows.front()) : Column(Bytes::of(std::move(rows)));
  }

  bool is_constant() const { return items_.empty(); }
  T constant() const { return constant_; }
  /// The packed rows; empty when constant.
  const Bytes& items() const { return items_; }
  /// Rows held; a constant has any number of rows.
  std::size_t size() const { return items_.size() / sizeof(T); }

  T operator[](std::size_t row) const {
    if (items_.empty()) return constant_;
    T value;
    std::memcpy(&value, items_.data() + row * sizeof(T), sizeof(T));
    return value;
  }

  bool operator==(const Column&) const = default;

 private:
  T constant_{};
  Bytes items_;
};

/// Rows first..first+count-1 as a view of the same memory. REQUIRES: count > 0, or a constant column.
template <class T>
Column<T> slice(const Column<T>& column, std::size_t first, std::size_t count) {
  if (column.is_constant()) return column;
  return Column<T>(column.items().part(first * sizeof(T), count * sizeof(T)));
}

/// Values of any length, one per row, back to back in one blob.
struct Values {
  Column<std::uint32_t> sizes;  ///< bytes of each value
  Bytes blob;

  bool operator==(const Values&) const = default;
};

/// Walks through values in order without computing an offset table.
class ValuesReader {
 public:
  explicit ValuesReader(const Values& values) : values_(&values) {}
  /// The next row's value. REQUIRES: the blob is as long as the sizes say (the codec checks that).
  std::string_view next() {
    const std::size_t size = values_->sizes[row_++];
    const std::string_view value = values_->blob.view().substr(offset_, size);
    offset_ += size;
    return value;
  }
  void skip(std::size_t rows);
  std::size_t offset() const { return offset_; }

 private:
  const Values* values_;
  std::size_t row_ = 0;
  std::size_t offset_ = 0;
};

/// Collects values row by row.
class ValuesBuilder {
 public:
  void add(std::string_view value) {
    sizes_.push_back(static_cast<std::uint32_t>(value.size()));
    blob_.append(value);
  }
  std::size_t rows() const { return sizes_.size(); }
  std::size_t bytes() const { return blob_.size(); }
  /// What was collected; the builder is empty afterwards.
  Values take();

 private:
  std::vector<std::uint32_t> sizes_;
  std::string blob_;
};

/// Bytes that the sizes of `rows` values add up to.
std::uint64_t total_size(const Column<std::uint32_t>& sizes, std::size_t rows);
/// Rows first..first+count-1 as views of the same memory.
Values slice(const Values& values, std::size_t first, std::size_t count);

}  // namespace brigade
