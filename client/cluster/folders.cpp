#include "client/cluster/folders.h"

#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <sstream>

#include "proto/base/os.h"

namespace brigade::cluster {
namespace {

namespace fs = std::filesystem;

// A socket's path has at most 107 bytes; what is added below the folder takes about 40.
constexpr std::size_t kRuntimePathMax = 60;

fs::path from_environment(const char* variable, const char* below_home) {
  if (const char* folder = std::getenv(variable); folder != nullptr && *folder == '/') return folder;
  const char* home = std::getenv("HOME");
  return fs::path(home != nullptr && *home == '/' ? home : "/tmp") / below_home;
}

}  // namespace

fs::path runtime_folder() {
  const char* folder = std::getenv("XDG_RUNTIME_DIR");
  if (folder != nullptr && *folder == '/' && std::strlen(folder) <= kRuntimePathMax &&
      access(folder, W_OK | X_OK) == 0) {
    return folder;
  }
  return "/tmp";
}

fs::path state_folder() {
  return from_environment("XDG_STATE_HOME", ".local/state") / "brigade";
}

fs::path config_path() {
  return from_environment("XDG_CONFIG_HOME", ".config") / "brigade" / "config.toml";
}

Result<void> make_private_folder(const fs::path& path) {
  std::error_code error;
  if (path.has_parent_path()) fs::create_directories(path.parent_path(), error);
  if (mkdir(path.c_str(), 0700) == 0 || errno == EEXIST) return {};
  return Error{ErrorCode::invalid, "cannot make the folder " + path.string() + ": " + std::strerror(errno)};
}

Result<std::string> find_program(const std::string& name) {
  const fs::path beside = base::program_folder() / name;
  if (access(beside.c_str(), X_OK) == 0) return beside.string();
  const char* path = std::getenv("PATH");
  std::istringstream folders(path != nullptr ? path : "");
  for (std::string folder; std::getline(folders, folder, ':');) {
    const fs::path candidate = fs::path(folder.empty() ? "." : folder) / name;
    if (access(candidate.c_str(), X_OK) == 0) return candidate.string();
  }
  return Error{ErrorCode::unavailable, "the program " + name + " is neither in " + base::program_folder().string() +
                                           " nor in PATH: install Brigade whole"};
}

std::string tail_of(const fs::path& path, std::size_t bytes) {
  std::ifstream file(path, std::ios::binary);
  if (!file) return {};
  file.seekg(0, std::ios::end);
  const auto size = static_cast<std::size_t>(file.tellg());
  const std::size_t from = size > bytes ? size - bytes : 0;
  file.seekg(static_cast<std::streamoff>(from));
  std::string text(size - from, '\0');
  file.read(text.data(), static_cast<std::streamsize>(text.size()));
  if (from > 0) {
    const std::size_t line = text.find('\n');
    if (line != std::string::npos && line + 1 < text.size()) text.erase(0, line + 1);
  }
  while (!text.empty() && text.back() == '\n') text.pop_back();
  return text;
}

}  // namespace brigade::cluster
