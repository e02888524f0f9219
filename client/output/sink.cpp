#include "client/output/sink.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

namespace brigade::output {
namespace {

Error refused(const std::string& name, const std::string& why) {
  return Error{ErrorCode::invalid, "cannot write " + name + ": " + why};
}

/// Pipes and terminals get a description of our own that does not block: the flag on the inherited one would be
/// everybody's. Files and sockets keep the inherited one.
base::Fd reopen_without_blocking(int fd) {
  struct stat info {};
  if (fstat(fd, &info) != 0) return {};
  if (!S_ISFIFO(info.st_mode) && !(S_ISCHR(info.st_mode) && isatty(fd) == 1)) return {};
  const std::string path = "/proc/self/fd/" + std::to_string(fd);
  return base::Fd(open(path.c_str(), O_WRONLY | O_NONBLOCK | O_CLOEXEC | O_NOCTTY));
}

}  // namespace

std::string describe_write_error(int error) {
  const std::string what = std::strerror(error);
  if (error == ENOSPC || error == EDQUOT)
    return what + "; free some space or write elsewhere (--out FILE), and run again";
  if (error == EACCES || error == EPERM || error == EROFS) return what + "; choose a file that you may write";
  if (error == ENOENT) return what + "; make the folder first";
  if (error == ELOOP) return "it is a symbolic link, and those are not followed; name the file itself";
  return what;
}

Sink Sink::standard_output(int interrupt_fd) {
  Sink sink;
  sink.owned_ = reopen_without_blocking(STDOUT_FILENO);
  sink.fd_ = sink.owned_ ? sink.owned_.get() : STDOUT_FILENO;
  sink.interrupt_fd_ = interrupt_fd;
  return sink;
}

std::string Sink::name() const {
  return path_.empty() ? "standard output" : path_.string();
}

std::filesystem::path Sink::partial_path() const {
  return path_.empty() ? std::filesystem::path() : std::filesystem::path(path_.string() + ".part");
}

Result<Sink> Sink::file(const std::filesystem::path& path, int interrupt_fd) {
  Sink sink;
  sink.path_ = path;
  sink.interrupt_fd_ = interrupt_fd;
  const std::string text = path.string();
  struct stat info {};
  if (lstat(text.c_str(), &info) == 0) {
    if (S_ISLNK(info.st_mode)) return refused(text, describe_write_error(ELOOP));
    if (!S_ISREG(info.st_mode)) return refused(text, "it is not a regular file");
    if (access(text.c_str(), W_OK) != 0) return refused(text, describe_write_error(errno));
  }
  if (!path.has_filename()) return refused(text, "it names a folder; give a file name");
  const std::string folder = path.has_parent_path() ? path.parent_path().string() : ".";
  sink.folder_ = base::Fd(open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!sink.folder_) return refused(text, describe_write_error(errno));
  const std::string partial = path.filename().string() + ".part";
  const int flags = O_WRONLY | O_CREAT | O_NOFOLLOW | O_CLOEXEC;
  sink.owned_ = base::Fd(openat(sink.folder_.get(), partial.c_str(), flags, 0666));
  if (!sink.owned_) return refused(text, describe_write_error(errno));
  if (flock(sink.owned_.get(), LOCK_EX | LOCK_NB) != 0) {
    return refused(text, "another brigade is writing it; wait for it, or choose another file");
  }
  if (fstat(sink.owned_.get(), &info) != 0 || !S_ISREG(info.st_mode) || info.st_nlink != 1) {
    return refused(text, partial + " beside it is not a regular file of its own; remove it");
  }
  if (ftruncate(sink.owned_.get(), 0) != 0) return refused(text, describe_write_error(errno));
  sink.fd_ = sink.owned_.get();
  return sink;
}

Result<Sink::Room> Sink::wait_for_room() const {
  pollfd fds[2] = {{.fd = fd_, .events = POLLOUT, .revents = 0}, {.fd = interrupt_fd_, .events = POLLIN, .revents = 0}};
  while (poll(fds, 2, -1) < 0) {
    if (errno != EINTR) return refused(name(), std::strerror(errno));
  }
  return (fds[1].revents & POLLIN) != 0 ? Room::interrupted : Room::yes;
}

Result<void> Sink::write(std::string_view bytes) {
  if (rest_.empty()) return write_now(bytes);
  std::string all = std::exchange(rest_, {});
  all += bytes;
  return write_now(all);
}

Result<void> Sink::write_now(std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t written = ::write(fd_, bytes.data(), bytes.size());
    if (written >= 0) {
      bytes.remove_prefix(static_cast<std::size_t>(written));
      continue;
    }
    if (errno == EINTR) continue;
    if (errno == EAGAIN) {
      const auto room = wait_for_room();
      if (!room) return room.error();
      if (*room == Room::yes) continue;
      rest_ = bytes;
      return {};
    }
    if (errno == EPIPE) {
      closed_ = true;
      return Error{ErrorCode::cancelled, "the reader of standard output has gone"};
    }
    return refused(name(), describe_write_error(errno));
  }
  return {};
}

Result<void> Sink::commit() {
  if (path_.empty()) return {};
  const std::string target = path_.filename().string();
  if (fsync(fd_) != 0) return refused(name(), describe_write_error(errno));
  if (renameat(folder_.get(), (target + ".part").c_str(), folder_.get(), target.c_str()) != 0) {
    return refused(name(), describe_write_error(errno));
  }
  if (fsync(folder_.get()) != 0) return refused(name(), describe_write_error(errno));
  return {};
}

void Sink::discard() {
  if (path_.empty()) return;
  unlinkat(folder_.get(), (path_.filename().string() + ".part").c_str(), 0);
}

}  // namespace brigade::output
