#include "proto/model/columns.h"

namespace brigade {

void ValuesReader::skip(std::size_t rows) {
  if (values_->sizes.is_constant()) {
    offset_ += rows * values_->sizes.constant();
    row_ += rows;
    return;
  }
  for (; rows > 0; --rows) offset_ += values_->sizes[row_++];
}

Values ValuesBuilder::take() {
  Values values{.sizes = Column<std::uint32_t>::of(std::move(sizes_)), .blob = Bytes::of(std::move(blob_))};
  sizes_.clear();
  blob_.clear();
  return values;
}

std::uint64_t total_size(const Column<std::uint32_t>& sizes, std::size_t rows) {
  if (sizes.is_constant()) return static_cast<std::uint64_t>(sizes.constant()) * rows;
  const char* items = sizes.items().data();
  std::uint64_t total = 0;
  for (std::size_t row = 0; row < rows; ++row) {
    std::uint32_t size;
    std::memcpy(&size, items + row * sizeof size, sizeof size);
    total += size;
  }
  return total;
}

Values slice(const Values& values, std::size_t first, std::size_t count) {
  ValuesReader reader(values);
  reader.skip(first);
  const std::size_t begin = reader.offset();
  reader.skip(count);
  Values part;
  part.blob = values.blob.part(begin, reader.offset() - begin);
  part.sizes = count == 0 ? Column<std::uint32_t>(0) : slice(values.sizes, first, count);
  return part;
}

}  // namespace brigade
