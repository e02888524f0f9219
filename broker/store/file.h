// Files and folders of the store as it changes them, with troubles that name them.
#pragma once

#include <cstdint>
#include <filesystem>
#include <span>
#include <string_view>

#include "broker/store/trouble.h"
#include "proto/base/os.h"

namespace brigade::broker {

/// A file that is written to, closed by its destructor.
class File {
 public:
  /// `flags` are those of open(2).
  MaybeTrouble open(std::filesystem::path path, int flags);
  /// Writes all pieces, one behind the other, at `offset`.
  MaybeTrouble write(std::span<const std::string_view> pieces, std::uint64_t offset);
  /// What was written is on disk. Its name is only after sync_folder(). A failure is never a passing trouble: the
  /// kernel may have dropped the bytes, and a second try would succeed all the same.
  MaybeTrouble sync();

  int fd() const { return fd_.get(); }
  const std::filesystem::path& path() const { return path_; }

 private:
  std::filesystem::path path_;
  base::Fd fd_;
};

MaybeTrouble truncate_file(const std::filesystem::path& path, std::uint64_t size);
/// A file that is not there is no trouble.
MaybeTrouble remove_file(const std::filesystem::path& path);
/// Makes a folder that is this user's alone. One that is there is no trouble.
MaybeTrouble make_private_folder(const std::filesystem::path& path);
/// Makes the folder and those above it where they are missing, as mkdir(1) does.
MaybeTrouble make_folders(const std::filesystem::path& path);
/// The names in the folder are on disk. Failures of the sync are never passing troubles.
MaybeTrouble sync_folder(const std::filesystem::path& path);

}  // namespace brigade::broker
