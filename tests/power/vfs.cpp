#include "tests/power/vfs.h"

#include <sqlite3.h>

#include <cerrno>
#include <filesystem>
#include <memory>
#include <new>
#include <string_view>
#include <utility>

#include "tests/power/disk.h"

namespace brigade::power {
namespace {

/// What the disk needs to know of an open file.
struct Tracked {
  std::filesystem::path path;
  std::shared_ptr<Node> node;
  Part part = Part::database;
  bool syncs_folder = false;  ///< with its next sync, as SQLite does for logs and journals
  int error_number = 0;       ///< the latest that the disk gave
};

/// SQLite allocates it; the real file lies behind it.
struct DiskFile {
  sqlite3_file base;
  Tracked* tracked;  ///< none: a file that is not on this disk
};

Tracked* tracked_of(sqlite3_file* file) {
  return reinterpret_cast<DiskFile*>(file)->tracked;
}

sqlite3_file* real_of(sqlite3_file* file) {
  return reinterpret_cast<sqlite3_file*>(reinterpret_cast<DiskFile*>(file) + 1);
}

const sqlite3_io_methods& real_methods(sqlite3_file* file) {
  return *real_of(file)->pMethods;
}

/// As SQLite's own code does, it keeps the errno for whoever asks, and says FULL where a write finds no space.
int fail(sqlite3_file* file, int error_number, int code) {
  const bool full = error_number == ENOSPC && code == SQLITE_IOERR_WRITE;
  tracked_of(file)->error_number = full ? 0 : error_number;
  return full ? SQLITE_FULL : code;
}

// ---- Files ---------------------------------------------------------------------------------------------------------

int close_file(sqlite3_file* file) {
  delete std::exchange(reinterpret_cast<DiskFile*>(file)->tracked, nullptr);
  return real_methods(file).xClose(real_of(file));
}

int read_file(sqlite3_file* file, void* to, int size, sqlite3_int64 offset) {
  return real_methods(file).xRead(real_of(file), to, size, offset);
}

int write_file(sqlite3_file* file, const void* from, int size, sqlite3_int64 offset) {
  if (Tracked* tracked = tracked_of(file)) {
    const std::string_view bytes(static_cast<const char*>(from), static_cast<std::size_t>(size));
    if (const int error = disk().write(tracked->part, *tracked->node, static_cast<std::uint64_t>(offset), bytes))
      return fail(file, error, SQLITE_IOERR_WRITE);
  }
  return real_methods(file).xWrite(real_of(file), from, size, offset);
}

int truncate_file(sqlite3_file* file, sqlite3_int64 size) {
  if (Tracked* tracked = tracked_of(file))
    if (const int error = disk().truncate(tracked->part, *tracked->node, static_cast<std::uint64_t>(size)))
      return fail(file, error, SQLITE_IOERR_TRUNCATE);
  return real_methods(file).xTruncate(real_of(file), size);
}

int sync_file(sqlite3_file* file, int flags) {
  Tracked* tracked = tracked_of(file);
  if (tracked == nullptr) return real_methods(file).xSync(real_of(file), flags);
  if (disk().forgets_to_sync(tracked->part)) return SQLITE_OK;
  if (const int error = disk().sync(tracked->part, *tracked->node)) return fail(file, error, SQLITE_IOERR_FSYNC);
  // SQLite's own code does not look at the result of this one either.
  if (std::exchange(tracked->syncs_folder, false)) (void)disk().sync_folder(tracked->path.parent_path());
  return SQLITE_OK;
}

int file_size(sqlite3_file* file, sqlite3_int64* size) {
  return real_methods(file).xFileSize(real_of(file), size);
}

int lock_file(sqlite3_file* file, int level) {
  return real_methods(file).xLock(real_of(file), level);
}

int unlock_file(sqlite3_file* file, int level) {
  return real_methods(file).xUnlock(real_of(file), level);
}

int check_reserved_lock(sqlite3_file* file, int* result) {
  return real_methods(file).xCheckReservedLock(real_of(file), result);
}

int control_file(sqlite3_file* file, int what, void* argument) {
  Tracked* tracked = tracked_of(file);
  if (what == SQLITE_FCNTL_LAST_ERRNO && tracked != nullptr && tracked->error_number != 0) {
    *static_cast<int*>(argument) = tracked->error_number;
    return SQLITE_OK;
  }
  return real_methods(file).xFileControl(real_of(file), what, argument);
}

int sector_size(sqlite3_file* file) {
  return real_methods(file).xSectorSize(real_of(file));
}

int device_characteristics(sqlite3_file* file) {
  return real_methods(file).xDeviceCharacteristics(real_of(file));
}

// The shared memory is made anew after a power loss: it is no business of the disk.

int map_shared(sqlite3_file* file, int region, int size, int extend, void volatile** memory) {
  return real_methods(file).xShmMap(real_of(file), region, size, extend, memory);
}

int lock_shared(sqlite3_file* file, int offset, int count, int flags) {
  return real_methods(file).xShmLock(real_of(file), offset, count, flags);
}

void order_shared(sqlite3_file* file) {
  real_methods(file).xShmBarrier(real_of(file));
}

int unmap_shared(sqlite3_file* file, int remove) {
  return real_methods(file).xShmUnmap(real_of(file), remove);
}

constexpr sqlite3_io_methods kMethods{
    .iVersion = 2,
    .xClose = close_file,
    .xRead = read_file,
    .xWrite = write_file,
    .xTruncate = truncate_file,
    .xSync = sync_file,
    .xFileSize = file_size,
    .xLock = lock_file,
    .xUnlock = unlock_file,
    .xCheckReservedLock = check_reserved_lock,
    .xFileControl = control_file,
    .xSectorSize = sector_size,
    .xDeviceCharacteristics = device_characteristics,
    .xShmMap = map_shared,
    .xShmLock = lock_shared,
    .xShmBarrier = order_shared,
    .xShmUnmap = unmap_shared,
    .xFetch = nullptr,
    .xUnfetch = nullptr,
};

// ---- The file system -----------------------------------------------------------------------------------------------

sqlite3_vfs& real_of(sqlite3_vfs* vfs) {
  return *static_cast<sqlite3_vfs*>(vfs->pAppData);
}

int open_file(sqlite3_vfs* vfs, const char* path, sqlite3_file* file, int flags, int* flags_out) {
  file->pMethods = nullptr;
  auto tracked = std::make_unique<Tracked>();
  if (path != nullptr) {
    tracked->path = path;
    tracked->part = disk().part_of(path);
    tracked->node = disk().find(path);
    const bool creates = (flags & SQLITE_OPEN_CREATE) != 0;
    if (!tracked->node && creates && disk().create(path, tracked->node) != 0) return SQLITE_CANTOPEN;
    tracked->syncs_folder = creates && (flags & (SQLITE_OPEN_WAL | SQLITE_OPEN_MAIN_JOURNAL)) != 0;
  }
  const int code = real_of(vfs).xOpen(&real_of(vfs), path, real_of(file), flags, flags_out);
  if (code != SQLITE_OK) return code;
  file->pMethods = &kMethods;
  reinterpret_cast<DiskFile*>(file)->tracked = tracked->node ? tracked.release() : nullptr;
  return SQLITE_OK;
}

int delete_file(sqlite3_vfs* vfs, const char* path, int sync_folder) {
  if (disk().unlink(path) != 0) return SQLITE_IOERR_DELETE;
  const int code = real_of(vfs).xDelete(&real_of(vfs), path, 0);
  if (code != SQLITE_OK || sync_folder == 0) return code;
  return disk().sync_folder(std::filesystem::path(path).parent_path()) == 0 ? SQLITE_OK : SQLITE_IOERR_DIR_FSYNC;
}

}  // namespace

void put_sqlite_on_disk() {
  sqlite3_vfs* real = sqlite3_vfs_find("unix");
  static sqlite3_vfs vfs = *real;
  vfs.szOsFile = static_cast<int>(sizeof(DiskFile)) + real->szOsFile;
  vfs.zName = "disk that loses power";
  vfs.pAppData = real;
  vfs.xOpen = open_file;
  vfs.xDelete = delete_file;
  sqlite3_vfs_register(&vfs, 1);
}

}  // namespace brigade::power
