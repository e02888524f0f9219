#include "proto/wire/body.h"

#include <algorithm>
#include <string>

#include "proto/wire/limits.h"

namespace brigade::wire {
namespace {

constexpr int kColumnsMax = 64;  // bits of Columns.packed

bool fits(std::uint64_t bits, std::size_t width) {
  return width == sizeof bits || bits >> (8 * width) == 0;
}

}  // namespace

void BodyWriter::add(bool constant, std::uint64_t bits, const Bytes& items) {
  pb::Columns& header = *envelope_->mutable_columns();
  const int at = header.constants_size();
  require(at < kColumnsMax);
  header.add_constants(constant ? bits : 0);
  if (constant) return;
  header.set_packed(header.packed() | std::uint64_t{1} << at);
  pieces_.push_back(items);
}

void BodyWriter::blob(const Bytes& blob) {
  envelope_->mutable_columns()->add_blobs(blob.size());
  if (!blob.empty()) pieces_.push_back(blob);
}

Bytes BodyReader::next_piece(std::string_view what, std::uint64_t length) {
  if (!framed_) {
    if (length > rest_.size()) {
      check_->refuse("{}: {} bytes where {} are left", what, length, rest_.size());
      return {};
    }
    const Bytes piece = rest_.part(0, length);
    rest_ = rest_.part(length, rest_.size() - length);
    return piece;
  }
  if (frames_.empty()) {
    check_->refuse("{}: its frame is missing", what);
    return {};
  }
  const Bytes frame = frames_.front();
  frames_ = frames_.subspan(1);
  if (frame.size() == length) return frame;
  check_->refuse("{}: a frame of {} bytes in place of {}", what, frame.size(), length);
  return {};
}

BodyReader::Cell BodyReader::next_column(std::string_view what, std::uint64_t rows, std::size_t width) {
  if (!check_->ok()) return {};
  const int at = columns_++;
  if (at >= std::min(header_->constants_size(), kColumnsMax)) {
    check_->refuse("{}: the column is missing", what);
    return {};
  }
  if ((header_->packed() >> at & 1) == 0) {
    const std::uint64_t bits = header_->constants(at);
    if (fits(bits, width)) return {.bits = bits, .items = {}};
    check_->refuse("{}: {} does not fit {} bytes", what, bits, width);
    return {};
  }
  if (rows == 0) {
    check_->refuse("{}: a packed column without rows", what);
    return {};
  }
  return {.bits = 0, .items = next_piece(what, rows * width)};
}

// REQUIRES: framed_, length > kFrameBytesMax.
Bytes BodyReader::joined(std::string_view what, std::uint64_t length) {
  const std::size_t count = (length + kFrameBytesMax - 1) / kFrameBytesMax;
  if (count > frames_.size()) {
    check_->refuse("{}: {} bytes in {} frames, of which {} came", what, length, count, frames_.size());
    return {};
  }
  std::string whole;
  for (std::size_t i = 0; i < count; ++i) {  // all looked at before any is copied
    const std::uint64_t expected = i + 1 < count ? kFrameBytesMax : length - i * kFrameBytesMax;
    if (frames_[i].size() == expected) continue;
    check_->refuse("{}: a frame of {} bytes in place of {}", what, frames_[i].size(), expected);
    return {};
  }
  whole.reserve(length);
  for (std::size_t i = 0; i < count; ++i) {
    whole.append(frames_[i].view());
    frames_[i] = Bytes();
  }
  frames_ = frames_.subspan(count);
  return Bytes::of(std::move(whole));
}

Bytes BodyReader::blob(std::string_view what) {
  if (!check_->ok()) return {};
  const int at = blobs_++;
  if (at >= header_->blobs_size()) {
    check_->refuse("{}: the blob is missing", what);
    return {};
  }
  const std::uint64_t length = check_->most(header_->blobs(at), what, kBlobBytesMax);
  if (length == 0 || (blobs_ == header_->blobs_size() && length == left_out_)) return {};
  return framed_ && length > kFrameBytesMax ? joined(what, length) : next_piece(what, length);
}

Values BodyReader::values(std::string_view what, std::uint64_t rows) {
  Values values;
  values.sizes = column<std::uint32_t>(what, rows);
  values.blob = blob(what);
  if (!check_->ok()) return {};
  const std::uint64_t size = values.sizes.constant();
  const bool too_many = values.sizes.is_constant() && size != 0 && rows > kBlobBytesMax / size;  // would wrap
  const std::uint64_t told = too_many ? kBlobBytesMax + 1 : total_size(values.sizes, rows);
  const bool left_out = blobs_ == header_->blobs_size() && left_out_ > 0;
  if (told == (left_out ? left_out_ : values.blob.size())) return values;
  check_->refuse("{}: sizes that add up to {}{} bytes, and a blob of {}", what, too_many ? "more than " : "",
                 too_many ? kBlobBytesMax : told, values.blob.size());
  return {};
}

void BodyReader::finish() {
  if (!check_->ok()) return;
  if (header_->constants_size() != columns_ || header_->blobs_size() != blobs_)
    check_->refuse("{} columns and {} blobs in place of {} and {}", header_->constants_size(), header_->blobs_size(),
                   columns_, blobs_);
  else if (columns_ < kColumnsMax && header_->packed() >> columns_ != 0)
    check_->refuse("packed columns that do not exist");
  else if (!frames_.empty() || !rest_.empty())
    check_->refuse("{} more than its columns", framed_ ? "frames" : "bytes");
}

}  // namespace brigade::wire
