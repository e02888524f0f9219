// Deletes segment files in steps: a disk takes long for a large file, and whoever waits for the next commit waits
// along.
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <vector>

namespace brigade::broker {

/// Used by one thread.
class SegmentRemoval {
 public:
  /// From here on the file is to go. Nobody reads or writes it any more.
  void add(std::uint64_t job, std::filesystem::path file, std::uint64_t bytes);
  /// Gives back up to so many bytes, from the ends of files. A file that cannot be deleted stays for the next start.
  void step(std::uint64_t bytes_max);
  /// Whether files of the job are left.
  bool has(std::uint64_t job) const { return files_.contains(job); }
  /// Bytes that are left.
  std::uint64_t bytes() const { return bytes_; }

 private:
  struct File {
    std::filesystem::path path;
    std::uint64_t bytes = 0;
  };
  std::map<std::uint64_t, std::vector<File>> files_;  ///< by job
  std::uint64_t bytes_ = 0;
};

}  // namespace brigade::broker
