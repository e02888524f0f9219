#include "client/cluster/stale.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdint>
#include <string>
#include <vector>

#include "proto/base/os.h"

namespace brigade::cluster {
namespace {

// A folder this young may belong to a run that has not locked it yet.
constexpr std::int64_t kYoungMs = 60'000;

/// Whether nobody holds the lock; a file that is not there is held by nobody.
bool is_free(const std::filesystem::path& lock) {
  const base::Fd file(open(lock.c_str(), O_RDONLY | O_NOFOLLOW | O_CLOEXEC));
  return !file || flock(file.get(), LOCK_EX | LOCK_NB) == 0;
}

bool is_stale(const std::filesystem::path& folder) {
  struct stat info {};
  if (lstat(folder.c_str(), &info) != 0 || !S_ISDIR(info.st_mode) || info.st_uid != geteuid()) return false;
  if (base::now().utc.value - std::int64_t{info.st_mtime} * 1000 < kYoungMs) return false;
  return is_free(folder / "client.lock") && is_free(folder / "lock");
}

}  // namespace

void sweep_stale_folders(const std::filesystem::path& parent) {
  DIR* listing = opendir(parent.c_str());
  if (listing == nullptr) return;
  std::vector<std::filesystem::path> found;
  while (const dirent* entry = readdir(listing)) {
    if (std::string_view(entry->d_name).substr(0, sizeof kPrivatePrefix - 1) == kPrivatePrefix) {
      found.push_back(parent / entry->d_name);
    }
  }
  closedir(listing);
  for (const auto& folder : found) {
    std::error_code ignored;
    if (is_stale(folder)) std::filesystem::remove_all(folder, ignored);
  }
}

}  // namespace brigade::cluster
