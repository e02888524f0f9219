// The frames behind the envelope: columns and blobs in a fixed order. Included by this folder's sources only.
#pragma once

#include <bit>
#include <cstdint>
#include <cstring>
#include <span>
#include <string_view>
#include <vector>

#include "proto/model/bytes.h"
#include "proto/model/columns.h"
#include "proto/schema/wire.pb.h"
#include "proto/wire/check.h"

namespace brigade::wire {

static_assert(std::endian::native == std::endian::little, "columns go to the wire as they lie in memory");

/// Collects columns and blobs, without copying any.
class BodyWriter {
 public:
  explicit BodyWriter(pb::Envelope& envelope) : envelope_(&envelope) {}

  /// REQUIRES: constant, or one row for each.
  template <class T>
  void column(const Column<T>& column, std::uint64_t rows) {
    require(column.is_constant() || column.size() == rows);
    const T value = column.constant();
    std::uint64_t bits = 0;
    std::memcpy(&bits, &value, sizeof value);
    add(column.is_constant(), bits, column.items());
  }
  void blob(const Bytes& blob);
  void values(const Values& values, std::uint64_t rows) {
    column(values.sizes, rows);
    blob(values.blob);
  }

  /// The columns and blobs in order, each blob in one piece.
  const std::vector<Bytes>& pieces() const { return pieces_; }

 private:
  void add(bool constant, std::uint64_t bits, const Bytes& items);

  pb::Envelope* envelope_;
  std::vector<Bytes> pieces_;
};

/// Hands columns and blobs out as views, in the order they were written. What does not fit is refused in `check`, and
/// the column or blob is empty then.
class BodyReader {
 public:
  /// A message's frames behind the envelope.
  BodyReader(const pb::Columns& header, std::span<Bytes> frames, Check& check)
      : header_(&header), frames_(frames), framed_(true), check_(&check) {}
  /// A record's bytes behind the envelope; of its last blob `left_out` bytes (all of them, or 0) are not there.
  BodyReader(const pb::Columns& header, Bytes rest, Check& check, std::uint64_t left_out = 0)
      : header_(&header), rest_(std::move(rest)), framed_(false), left_out_(left_out), check_(&check) {}

  template <class T>
  Column<T> column(std::string_view what, std::uint64_t rows) {
    const Cell cell = next_column(what, rows, sizeof(T));
    if (!cell.items.empty()) return Column<T>(cell.items);
    T value{};
    std::memcpy(&value, &cell.bits, sizeof value);
    return Column<T>(value);
  }
  Bytes blob(std::string_view what);
  /// Sizes and blob, which fit each other.
  Values values(std::string_view what, std::uint64_t rows);
  /// Refuses what nobody asked for.
  void finish();

 private:
  struct Cell {
    std::uint64_t bits = 0;
    Bytes items;
  };
  Cell next_column(std::string_view what, std::uint64_t rows, std::size_t width);
  Bytes next_piece(std::string_view what, std::uint64_t length);
  Bytes joined(std::string_view what, std::uint64_t length);

  const pb::Columns* header_;
  std::span<Bytes> frames_;
  Bytes rest_;
  bool framed_;
  std::uint64_t left_out_ = 0;
  Check* check_;
  int columns_ = 0;
  int blobs_ = 0;
};

}  // namespace brigade::wire
