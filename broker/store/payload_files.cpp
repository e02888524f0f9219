#include "broker/store/payload_files.h"

#include <fcntl.h>
#include <sys/stat.h>

#include <cerrno>
#include <charconv>
#include <utility>

#include "broker/store/crc32c.h"
#include "broker/store/payload_record.h"

namespace brigade::broker {
namespace {

constexpr std::uint64_t kSegmentBytes = std::uint64_t{64} << 20;
constexpr std::uint64_t kRecordInRowMax = 4096;  // a small job never has a file
constexpr std::uint64_t kJobInRowsMax =
    64 * 1024;  ///< of one job; beyond it, its records go to segments whatever their size
constexpr std::uint64_t kGatheredRecordMax = 16 * 1024;
constexpr std::uint64_t kGatheredMax = std::uint64_t{1} << 20;
constexpr std::size_t kOpenFilesMax = 64;

}  // namespace

std::filesystem::path segments_folder(const std::filesystem::path& folder) {
  return folder / "segments";
}

std::filesystem::path segment_file(const std::filesystem::path& folder, std::uint64_t job, std::uint32_t segment) {
  return folder / (std::to_string(job) + "-" + std::to_string(segment) + ".seg");
}

std::optional<SegmentName> parse_segment_name(const std::string& name) {
  SegmentName parsed;
  const char* end = name.data() + name.size();
  const auto job = std::from_chars(name.data(), end, parsed.job);
  if (job.ec != std::errc{} || job.ptr == end || *job.ptr != '-') return std::nullopt;
  const auto segment = std::from_chars(job.ptr + 1, end, parsed.segment);
  if (segment.ec != std::errc{} || std::string_view(segment.ptr, static_cast<std::size_t>(end - segment.ptr)) != ".seg")
    return std::nullopt;
  return parsed;
}

Result<PayloadFiles> PayloadFiles::open(std::filesystem::path folder, bool sync, const std::set<std::uint64_t>& jobs,
                                        const std::set<std::uint64_t>& forgotten) {
  if (auto trouble = make_private_folder(folder)) return storage_error(trouble->reason);
  PayloadFiles files(std::move(folder), sync);
  if (auto found = files.find_files(jobs, forgotten); !found) return found.error();
  return files;
}

Result<void> PayloadFiles::find_files(const std::set<std::uint64_t>& jobs, const std::set<std::uint64_t>& forgotten) {
  std::error_code failed;
  for (std::filesystem::directory_iterator it(folder_, failed), end; !failed && it != end; it.increment(failed)) {
    const auto name = parse_segment_name(it->path().filename().string());
    if (!name) continue;
    if (!jobs.contains(name->job) && !forgotten.contains(name->job)) {
      (void)remove_file(it->path());  // its first write never committed
      continue;
    }
    struct stat facts {};
    if (::stat(it->path().c_str(), &facts) != 0) return storage_error(trouble_with(it->path(), errno).reason);
    const auto size = static_cast<std::uint64_t>(facts.st_size);
    if (forgotten.contains(name->job)) {
      removal_.add(name->job, it->path(), size);
      continue;
    }
    Extent& extent = jobs_[name->job].extent;
    if (name->segment >= extent.segment) {
      extent.segment = name->segment;
      extent.end = size;
    }
    extent.bytes += size;
    extent.bytes_in_rows = kJobInRowsMax;  // a job that has files goes on with them
    bytes_ += size;
  }
  if (failed) return storage_error(folder_.string() + ": " + failed.message());
  return {};
}

PayloadFiles::JobFiles& PayloadFiles::touch(std::uint64_t job) {
  JobFiles& files = jobs_[job];
  if (!files.touched) {
    files.touched = true;
    files.before = files.extent;
    touched_.push_back(job);
  }
  return files;
}

MaybeTrouble PayloadFiles::place(std::uint64_t job, const wire::Frames& record, Placed& placed) {
  JobFiles& files = touch(job);
  RecordHeader header;
  for (const Bytes& piece : record) {
    header.length += piece.size();
    header.crc = crc32c(piece.view(), header.crc);
  }
  placed = {.location = {.segment = 0, .offset = 0, .length = header.length, .crc = header.crc}, .in_row = {}};
  if (header.length <= kRecordInRowMax && files.extent.bytes_in_rows + header.length <= kJobInRowsMax) {
    for (const Bytes& piece : record) placed.in_row.append(piece.view());
    files.extent.bytes_in_rows += header.length;
    return std::nullopt;
  }
  const std::uint64_t bytes = sizeof(header) + header.length;
  if (auto trouble = make_room(job, files, bytes)) return trouble;
  placed.location.segment = files.extent.segment;
  placed.location.offset = files.extent.end;
  std::string head(sizeof(header), '\0');
  std::memcpy(head.data(), &header, sizeof(header));
  if (auto trouble = write(job, files, head, record)) return trouble;
  files.extent.end += bytes;
  files.extent.bytes += bytes;
  bytes_ += bytes;
  return std::nullopt;
}

MaybeTrouble PayloadFiles::make_room(std::uint64_t job, JobFiles& files, std::uint64_t bytes) {
  const bool full = files.extent.end > 0 && files.extent.end + bytes > kSegmentBytes;
  if (files.extent.segment > 0 && !full) return files.file ? std::nullopt : open_segment(job, files, false);
  if (files.extent.segment > 0) {
    if (auto trouble = flush()) return trouble;
    if (auto trouble = sync(files)) return trouble;
    files.file.reset();
  }
  ++files.extent.segment;
  files.extent.end = 0;
  return open_segment(job, files, true);
}

MaybeTrouble PayloadFiles::open_segment(std::uint64_t job, JobFiles& files, bool create) {
  if (open_.size() >= kOpenFilesMax)
    if (auto trouble = close_files()) return trouble;
  auto file = std::make_unique<File>();
  const auto path = segment_file(folder_, job, files.extent.segment);
  if (auto trouble = file->open(path, O_WRONLY | (create ? O_CREAT | O_TRUNC : 0))) return trouble;
  files.file = std::move(file);
  if (create) folder_changed_ = true;
  open_.push_back(job);
  return std::nullopt;
}

MaybeTrouble PayloadFiles::close_files() {
  if (auto trouble = flush()) return trouble;
  for (const std::uint64_t job : open_) {
    JobFiles& files = jobs_[job];
    if (auto trouble = sync(files)) return trouble;
    files.file.reset();
  }
  open_.clear();
  return std::nullopt;
}

MaybeTrouble PayloadFiles::write(std::uint64_t job, JobFiles& files, const std::string& header,
                                 const wire::Frames& record) {
  files.dirty = true;
  std::uint64_t bytes = header.size();
  for (const Bytes& piece : record) bytes += piece.size();
  if (gathered_job_ != job || gathered_.size() + bytes > kGatheredMax || bytes > kGatheredRecordMax)
    if (auto trouble = flush()) return trouble;
  if (bytes <= kGatheredRecordMax) {
    if (gathered_.empty()) gathered_at_ = files.extent.end;
    gathered_job_ = job;
    gathered_.append(header);
    for (const Bytes& piece : record) gathered_.append(piece.view());
    return std::nullopt;
  }
  std::vector<std::string_view> pieces{header};
  for (const Bytes& piece : record) pieces.push_back(piece.view());
  return files.file->write(pieces, files.extent.end);
}

MaybeTrouble PayloadFiles::flush() {
  if (gathered_.empty()) return std::nullopt;
  const std::string_view piece = gathered_;
  auto trouble = jobs_[gathered_job_].file->write({&piece, 1}, gathered_at_);
  gathered_.clear();
  return trouble;
}

MaybeTrouble PayloadFiles::sync(JobFiles& files) {
  if (!std::exchange(files.dirty, false) || !sync_) return std::nullopt;
  return files.file->sync();
}

MaybeTrouble PayloadFiles::sync() {
  if (auto trouble = flush()) return trouble;
  for (const std::uint64_t job : touched_)
    if (auto trouble = sync(jobs_[job])) return trouble;
  if (!folder_changed_ || !sync_) return std::nullopt;
  auto trouble = sync_folder(folder_);
  folder_changed_ = trouble.has_value();
  return trouble;
}

void PayloadFiles::accept() {
  for (const std::uint64_t job : touched_) jobs_[job].touched = false;
  touched_.clear();
}

MaybeTrouble PayloadFiles::undo() {
  gathered_.clear();
  for (const std::uint64_t job : touched_)
    if (auto trouble = undo(job, jobs_[job])) return Trouble{.passing = false, .reason = trouble->reason};
  touched_.clear();
  return std::nullopt;
}

MaybeTrouble PayloadFiles::undo(std::uint64_t job, JobFiles& files) {
  files.file.reset();
  files.dirty = false;
  files.touched = false;
  for (; files.extent.segment > files.before.segment; --files.extent.segment) {
    if (auto trouble = remove_file(segment_file(folder_, job, files.extent.segment))) return trouble;
  }
  if (files.before.segment > 0)
    if (auto trouble = truncate_file(segment_file(folder_, job, files.before.segment), files.before.end))
      return trouble;
  bytes_ -= files.extent.bytes - files.before.bytes;
  files.extent = files.before;
  return std::nullopt;
}

void PayloadFiles::remove(std::uint64_t job) {
  const auto it = jobs_.find(job);
  if (it == jobs_.end()) return;
  for (std::uint32_t segment = 1; segment <= it->second.extent.segment; ++segment) {
    const auto file = segment_file(folder_, job, segment);
    struct stat facts {};
    if (::stat(file.c_str(), &facts) == 0) removal_.add(job, file, static_cast<std::uint64_t>(facts.st_size));
  }
  bytes_ -= it->second.extent.bytes;
  jobs_.erase(it);
  std::erase(open_, job);
}

}  // namespace brigade::broker
