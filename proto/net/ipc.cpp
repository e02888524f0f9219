#include "proto/net/ipc.h"

#include <fmt/format.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "proto/base/os.h"

namespace brigade::net {
namespace {

// 0 when somebody accepts connections there, else errno.
int try_connect(const std::string& path) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  path.copy(address.sun_path, sizeof address.sun_path - 1);
  const base::Fd probe(::socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  if (!probe) return errno;
  return ::connect(probe.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0 ? 0 : errno;
}

}  // namespace

Result<void> clear_ipc_path(const std::string& path) {
  struct stat file {};
  if (::lstat(path.c_str(), &file) != 0) return {};  // nothing there, or the bind itself says what is wrong
  if (!S_ISSOCK(file.st_mode))
    return Error{ErrorCode::invalid,
                 fmt::format("{} exists and is not a socket; remove it or choose another path", path)};
  const int answer = try_connect(path);
  if (answer == 0 || answer == EAGAIN)  // EAGAIN: served, with a full queue of connections
    return Error{
        ErrorCode::conflict,
        fmt::format("address already in use: another process serves ipc://{}; choose another path or stop it", path)};
  if (answer != ECONNREFUSED && answer != ENOENT)
    return Error{ErrorCode::unavailable,
                 fmt::format("cannot tell who serves ipc://{}: {}", path, std::strerror(answer))};
  if (answer == ECONNREFUSED && ::unlink(path.c_str()) != 0 && errno != ENOENT)
    return Error{ErrorCode::unavailable,
                 fmt::format("cannot remove the stale socket {}: {}", path, std::strerror(errno))};
  return {};
}

}  // namespace brigade::net
