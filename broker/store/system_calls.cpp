#include "broker/store/system_calls.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "proto/base/os.h"

namespace brigade::broker::system_calls {

int open(const char* path, int flags) {
  return ::open(path, flags | O_CLOEXEC, 0600);
}

ssize_t pwritev(int fd, const iovec* pieces, int count, off_t offset) {
  return ::pwritev(fd, pieces, count, offset);
}

int fdatasync(int fd) {
  return ::fdatasync(fd);
}

int truncate(const char* path, off_t size) {
  return ::truncate(path, size);
}

int unlink(const char* path) {
  return ::unlink(path);
}

int mkdir(const char* path, mode_t mode) {
  return ::mkdir(path, mode);
}

int sync_folder(const char* path) {
  const base::Fd folder(open(path, O_RDONLY | O_DIRECTORY));
  return folder ? ::fsync(folder.get()) : -1;
}

}  // namespace brigade::broker::system_calls
