#include "broker/store/segment_copy.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <string>
#include <utility>

#include "broker/store/payload_files.h"
#include "broker/store/payload_record.h"

namespace brigade::broker {
namespace {

Error not_copied(const std::filesystem::path& file, int error_number) {
  return {ErrorCode::unavailable, trouble_with(file, error_number).reason};
}

/// Returns 0 or an errno.
int write_at(int fd, std::string_view bytes, std::uint64_t offset) {
  while (!bytes.empty()) {
    const ssize_t size = ::pwrite(fd, bytes.data(), bytes.size(), static_cast<off_t>(offset));
    if (size < 0 && errno == EINTR) continue;
    if (size < 0) return errno;
    offset += static_cast<std::uint64_t>(size);
    bytes.remove_prefix(static_cast<std::size_t>(size));
  }
  return 0;
}

}  // namespace

std::filesystem::path SegmentCopy::file(std::uint32_t segment) const {
  return segment_file(folder_, job_, segment);
}

Result<void> SegmentCopy::open(std::uint32_t segment) {
  if (auto ended = end(); !ended) return ended;
  fd_ = base::Fd(::open(file(segment).c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0600));
  if (!fd_) return not_copied(file(segment), errno);
  segment_ = segment;
  written_.insert(segment);
  return {};
}

Result<void> SegmentCopy::put(const Location& location, std::string_view bytes) {
  if (segment_ != location.segment)
    if (auto opened = open(location.segment); !opened) return opened;
  const RecordHeader header{.crc = location.crc, .length = location.length};
  std::string head(sizeof(header), '\0');
  std::memcpy(head.data(), &header, sizeof(header));
  int error = write_at(fd_.get(), head, location.offset);
  if (error == 0) error = write_at(fd_.get(), bytes, location.offset + sizeof(header));
  if (error != 0) return not_copied(file(segment_), error);
  return {};
}

Result<void> SegmentCopy::end() {
  if (!fd_) return {};
  if (::fsync(fd_.get()) != 0) return not_copied(file(segment_), errno);
  fd_ = {};
  segment_ = 0;
  return {};
}

Result<void> SegmentCopy::remove() {
  fd_ = {};
  segment_ = 0;
  for (const std::uint32_t segment : std::exchange(written_, {}))
    if (::unlink(file(segment).c_str()) != 0) return not_copied(file(segment), errno);
  return {};
}

}  // namespace brigade::broker
