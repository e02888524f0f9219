// The store's system calls, on the disk that loses power: linked in place of broker/store/system_calls.cpp.
#include "broker/store/system_calls.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <string>

#include "tests/power/disk.h"

namespace brigade::broker::system_calls {
namespace {

using power::disk;

/// The name under which an open file was opened, as long as it has that name.
std::filesystem::path path_of(int fd) {
  std::error_code failed;
  return std::filesystem::read_symlink("/proc/self/fd/" + std::to_string(fd), failed);
}

int refuse(int error_number) {
  errno = error_number;
  return -1;
}

}  // namespace

int open(const char* path, int flags) {
  auto node = disk().find(path);
  int error = 0;
  if (!node && (flags & O_CREAT) != 0)
    error = disk().create(path, node);
  else if (node && (flags & O_TRUNC) != 0)
    error = disk().truncate(disk().part_of(path), *node, 0);
  if (error != 0) return refuse(error);
  return ::open(path, flags | O_CLOEXEC, 0600);
}

ssize_t pwritev(int fd, const iovec* pieces, int count, off_t offset) {
  std::string bytes;
  for (int i = 0; i < count; ++i) bytes.append(static_cast<const char*>(pieces[i].iov_base), pieces[i].iov_len);
  const auto path = path_of(fd);
  if (const auto node = disk().find(path))
    if (const int error = disk().write(disk().part_of(path), *node, static_cast<std::uint64_t>(offset), bytes))
      return refuse(error);
  return ::pwrite(fd, bytes.data(), bytes.size(), offset);
}

int fdatasync(int fd) {
  const auto path = path_of(fd);
  if (disk().forgets_to_sync(disk().part_of(path))) return 0;
  if (const auto node = disk().find(path))
    if (const int error = disk().sync(disk().part_of(path), *node)) return refuse(error);
  return 0;
}

int truncate(const char* path, off_t size) {
  if (const auto node = disk().find(path))
    if (const int error = disk().truncate(disk().part_of(path), *node, static_cast<std::uint64_t>(size)))
      return refuse(error);
  return ::truncate(path, size);
}

int unlink(const char* path) {
  if (const int error = disk().unlink(path)) return refuse(error);
  return ::unlink(path);
}

int mkdir(const char* path, mode_t mode) {
  if (const int error = disk().make_folder(path)) return refuse(error);
  return ::mkdir(path, mode);
}

int sync_folder(const char* path) {
  if (disk().forgets_to_sync(disk().part_of(path))) return 0;
  if (const int error = disk().sync_folder(path)) return refuse(error);
  return 0;
}

}  // namespace brigade::broker::system_calls
