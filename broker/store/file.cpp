#include "broker/store/file.h"

#include <algorithm>
#include <cerrno>
#include <utility>
#include <vector>

#include "broker/store/system_calls.h"

namespace brigade::broker {
namespace {

constexpr std::size_t kPiecesPerCall = 256;  // below IOV_MAX

MaybeTrouble trouble_of(int result, const std::filesystem::path& path) {
  if (result >= 0) return std::nullopt;
  return trouble_with(path, errno);
}

MaybeTrouble make_folder(const std::filesystem::path& path, mode_t mode) {
  const int result = system_calls::mkdir(path.c_str(), mode);
  if (result != 0 && errno == EEXIST) return std::nullopt;
  return trouble_of(result, path);
}

Trouble failed_sync(const std::filesystem::path& path) {
  return {.passing = false, .reason = trouble_with(path, errno).reason + " (sync)"};
}

}  // namespace

MaybeTrouble File::open(std::filesystem::path path, int flags) {
  path_ = std::move(path);
  fd_ = base::Fd(system_calls::open(path_.c_str(), flags));
  return trouble_of(fd_.get(), path_);
}

MaybeTrouble File::write(std::span<const std::string_view> pieces, std::uint64_t offset) {
  std::vector<iovec> left;
  for (const std::string_view piece : pieces) left.push_back({const_cast<char*>(piece.data()), piece.size()});
  for (std::size_t next = 0; next < left.size();) {
    const int count = static_cast<int>(std::min(left.size() - next, kPiecesPerCall));
    const ssize_t size = system_calls::pwritev(fd_.get(), &left[next], count, static_cast<off_t>(offset));
    if (size < 0 && errno == EINTR) continue;
    if (size < 0) return trouble_with(path_, errno);
    offset += static_cast<std::uint64_t>(size);
    auto done = static_cast<std::size_t>(size);
    for (; next < left.size() && done >= left[next].iov_len; ++next) done -= left[next].iov_len;
    if (done == 0) continue;
    left[next].iov_base = static_cast<char*>(left[next].iov_base) + done;
    left[next].iov_len -= done;
  }
  return std::nullopt;
}

MaybeTrouble File::sync() {
  if (system_calls::fdatasync(fd_.get()) == 0) return std::nullopt;
  return failed_sync(path_);
}

MaybeTrouble truncate_file(const std::filesystem::path& path, std::uint64_t size) {
  return trouble_of(system_calls::truncate(path.c_str(), static_cast<off_t>(size)), path);
}

MaybeTrouble remove_file(const std::filesystem::path& path) {
  const int result = system_calls::unlink(path.c_str());
  if (result != 0 && errno == ENOENT) return std::nullopt;
  return trouble_of(result, path);
}

MaybeTrouble make_private_folder(const std::filesystem::path& path) {
  return make_folder(path, 0700);
}

MaybeTrouble make_folders(const std::filesystem::path& path) {
  if (std::filesystem::is_directory(path) || path == path.root_path()) return std::nullopt;
  if (auto trouble = make_folders(path.parent_path())) return trouble;
  return make_folder(path, 0777);
}

MaybeTrouble sync_folder(const std::filesystem::path& path) {
  if (system_calls::sync_folder(path.c_str()) == 0) return std::nullopt;
  if (errno == EMFILE || errno == ENFILE) return trouble_with(path, errno);  // there was no handle to sync it with
  return failed_sync(path);
}

}  // namespace brigade::broker
