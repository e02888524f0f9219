#include "broker/store/segment_removal.h"

#include <algorithm>
#include <utility>

#include "broker/store/file.h"

namespace brigade::broker {

void SegmentRemoval::add(std::uint64_t job, std::filesystem::path file, std::uint64_t bytes) {
  files_[job].push_back({std::move(file), bytes});
  bytes_ += bytes;
}

void SegmentRemoval::step(std::uint64_t bytes_max) {
  constexpr std::uint64_t kFileCost = 64 * 1024;  // an empty one takes its time too
  while (bytes_max > 0 && !files_.empty()) {
    auto& files = files_.begin()->second;
    File& file = files.back();
    const std::uint64_t part = std::min(bytes_max, file.bytes);
    const bool cut = part < file.bytes && !truncate_file(file.path, file.bytes - part);
    if (!cut) (void)remove_file(file.path);
    const std::uint64_t freed = cut ? part : file.bytes;
    bytes_ -= freed;
    file.bytes -= freed;
    bytes_max -= std::min(bytes_max, std::max(part, kFileCost));
    if (cut) continue;
    files.pop_back();
    if (files.empty()) files_.erase(files_.begin());
  }
}

}  // namespace brigade::broker
