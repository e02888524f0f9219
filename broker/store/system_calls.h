// The system calls with which the store changes its folder: all but SQLite's own, the lock and reading.
//
// Each is the call of its name, with errors in errno. They stand in a file of their own so that a test can link others
// in their place: a disk that fails, or that forgets what was not synced when the power goes (tests/power).
#pragma once

#include <sys/types.h>
#include <sys/uio.h>

namespace brigade::broker::system_calls {

int open(const char* path, int flags);  ///< close-on-exec; a new file is this user's alone
ssize_t pwritev(int fd, const iovec* pieces, int count, off_t offset);
int fdatasync(int fd);
int truncate(const char* path, off_t size);
int unlink(const char* path);
int mkdir(const char* path, mode_t mode);
int sync_folder(const char* path);  ///< names made and deleted in it are on disk: an open(2) and an fsync(2)

}  // namespace brigade::broker::system_calls
