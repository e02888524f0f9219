#include "broker/store/payload_reader.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <memory>
#include <string>

#include "broker/store/crc32c.h"
#include "broker/store/payload_files.h"
#include "broker/store/payload_record.h"

namespace brigade::broker {
namespace {

constexpr std::size_t kOpenFilesMax = 64;
constexpr std::uint64_t kCheckedBytes = std::uint64_t{1} << 20;  // in memory at once

/// Reads `size` bytes; fewer only at the end of the file. A negative number is an error, in errno.
ssize_t read_all(int fd, char* to, std::size_t size, std::uint64_t offset) {
  std::size_t done = 0;
  while (done < size) {
    const ssize_t part = ::pread(fd, to + done, size - done, static_cast<off_t>(offset + done));
    if (part < 0 && errno == EINTR) continue;
    if (part < 0) return part;
    if (part == 0) break;
    done += static_cast<std::size_t>(part);
  }
  return static_cast<ssize_t>(done);
}

Error damaged(const std::filesystem::path& file, std::uint64_t offset, const char* how) {
  return {ErrorCode::storage, file.string() + " is damaged: the record at byte " + std::to_string(offset) + " " + how};
}

}  // namespace

Result<Bytes> PayloadReader::read(std::uint64_t job, const Location& location, std::string_view in_row) {
  if (location.segment == 0) {
    if (in_row.size() != location.length || crc32c(in_row) != location.crc)
      return Error{ErrorCode::storage, index_.string() + " is damaged: a record of job number " + std::to_string(job) +
                                           " does not match its checksum"};
    return Bytes::of(std::string(in_row));
  }
  const auto path = segment_file(folder_, job, location.segment);
  auto fd = open(job, location.segment);
  if (!fd) return fd.error();
  const std::size_t size = sizeof(RecordHeader) + location.length;
  auto memory = std::make_shared_for_overwrite<char[]>(size);
  const ssize_t got = read_all(*fd, memory.get(), size, location.offset);
  if (got < 0) return Error{ErrorCode::storage, trouble_with(path, errno).reason};
  if (static_cast<std::size_t>(got) != size) return damaged(path, location.offset, "is cut short");
  RecordHeader header;
  std::memcpy(&header, memory.get(), sizeof(header));
  const RecordHeader expected{.crc = location.crc, .length = location.length};
  const std::string_view bytes(memory.get() + sizeof(header), location.length);
  if (header != expected) return damaged(path, location.offset, "has another header than the index says");
  if (crc32c(bytes) != location.crc) return damaged(path, location.offset, "does not match its checksum");
  return Bytes(std::move(memory), bytes);
}

Result<Bytes> PayloadReader::read_part(std::uint64_t job, const Location& location, std::uint64_t offset,
                                       std::uint64_t count) {
  auto fd = open(job, location.segment);
  if (!fd) return fd.error();
  auto memory = std::make_shared_for_overwrite<char[]>(count);
  const ssize_t got = read_all(*fd, memory.get(), count, location.offset + sizeof(RecordHeader) + offset);
  const auto path = segment_file(folder_, job, location.segment);
  if (got < 0) return Error{ErrorCode::storage, trouble_with(path, errno).reason};
  if (static_cast<std::uint64_t>(got) != count) return damaged(path, location.offset, "is cut short");
  const std::string_view bytes(memory.get(), count);
  return Bytes(std::move(memory), bytes);
}

Result<void> PayloadReader::check(std::uint64_t job, const Location& location) {
  std::uint32_t crc = 0;
  for (std::uint64_t at = 0; at < location.length; at += kCheckedBytes) {
    auto part = read_part(job, location, at, std::min(kCheckedBytes, location.length - at));
    if (!part) return part.error();
    crc = crc32c(part->view(), crc);
  }
  const auto path = segment_file(folder_, job, location.segment);
  if (crc != location.crc) return damaged(path, location.offset, "does not match its checksum");
  return {};
}

Result<int> PayloadReader::open(std::uint64_t job, std::uint32_t segment) {
  if (const auto it = files_.find({job, segment}); it != files_.end()) return it->second.get();
  if (files_.size() >= kOpenFilesMax) files_.clear();
  const auto path = segment_file(folder_, job, segment);
  base::Fd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!fd) return Error{ErrorCode::storage, trouble_with(path, errno).reason};
  return files_.emplace(std::pair(job, segment), std::move(fd)).first->second.get();
}

void PayloadReader::forget(std::uint64_t job) {
  files_.erase(files_.lower_bound({job, 0}), files_.lower_bound({job + 1, 0}));
}

}  // namespace brigade::broker
