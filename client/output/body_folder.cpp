#include "client/output/body_folder.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>

#include "client/output/sink.h"

namespace brigade::output {

Result<BodyFolder> BodyFolder::open(const std::filesystem::path& path) {
  const auto refused = [&path](int error) {
    return Error{ErrorCode::invalid, "cannot save to " + path.string() + ": " + describe_write_error(error)};
  };
  if (mkdir(path.c_str(), 0777) != 0 && errno != EEXIST) return refused(errno);
  BodyFolder folder;
  folder.path_ = path;
  folder.folder_ = base::Fd(::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!folder.folder_) return refused(errno);
  if (faccessat(folder.folder_.get(), ".", W_OK | X_OK, 0) != 0) return refused(errno);
  return folder;
}

Result<std::string> BodyFolder::save(std::uint64_t index, std::string_view body) const {
  const std::string name = std::to_string(index);
  const std::string partial = "." + name + "." + std::to_string(getpid()) + ".part";
  const std::string path = (path_ / name).string();
  const auto refused = [&](int error) {
    unlinkat(folder_.get(), partial.c_str(), 0);
    return Error{ErrorCode::invalid, "cannot write " + path + ": " + describe_write_error(error)};
  };
  unlinkat(folder_.get(), partial.c_str(), 0);  // of a process of the same number that was killed
  const base::Fd file(
      openat(folder_.get(), partial.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0666));
  if (!file) return refused(errno);
  while (!body.empty()) {
    const ssize_t written = write(file.get(), body.data(), body.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return refused(errno);
    body.remove_prefix(static_cast<std::size_t>(written));
  }
  if (renameat(folder_.get(), partial.c_str(), folder_.get(), name.c_str()) != 0) return refused(errno);
  return path;
}

}  // namespace brigade::output
