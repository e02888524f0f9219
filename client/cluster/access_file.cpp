#include "client/cluster/access_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <nlohmann/json.hpp>

#include "client/cluster/folders.h"
#include "client/cluster/process.h"
#include "proto/base/os.h"

namespace brigade::cluster {
namespace {

Error refused(const std::filesystem::path& path, const std::string& why) {
  return Error{ErrorCode::invalid, "the access file " + path.string() + " " + why};
}

std::optional<Access> parse(const std::string& text) {
  const auto json = nlohmann::json::parse(text, nullptr, false);
  if (!json.is_object()) return std::nullopt;
  const auto string = [&json](const char* name) {
    const auto found = json.find(name);
    return found != json.end() && found->is_string() ? found->get<std::string>() : std::string();
  };
  const auto number = [&json](const char* name) {
    const auto found = json.find(name);
    return found != json.end() && found->is_number_unsigned() ? found->get<std::uint64_t>() : 0;
  };
  Access access{.endpoint = string("endpoint"),
                .pid = static_cast<pid_t>(number("pid")),
                .start_ticks = number("start_ticks"),
                .state_folder = string("state_folder"),
                .log = string("log"),
                .workers = static_cast<unsigned>(number("workers"))};
  if (access.endpoint.empty() || access.pid <= 0) return std::nullopt;
  return access;
}

}  // namespace

std::filesystem::path access_path() {
  const auto runtime = runtime_folder();
  return runtime == "/tmp" ? state_folder() / "access.json" : runtime / "brigade" / "access.json";
}

Result<std::optional<Access>> read_access(const std::filesystem::path& path) {
  struct stat info {};
  if (lstat(path.c_str(), &info) != 0) return std::optional<Access>();
  if (!S_ISREG(info.st_mode) || info.st_uid != geteuid()) return refused(path, "is not a file of yours; remove it");
  std::ifstream file(path);
  const std::string text{std::istreambuf_iterator<char>(file), {}};
  auto access = parse(text);
  if (!access) return refused(path, "is damaged; remove it, or give --broker");
  if (start_ticks(access->pid) != access->start_ticks) return std::optional<Access>();
  return access;
}

Result<void> write_access(const std::filesystem::path& path, const Access& access) {
  if (auto made = make_private_folder(path.parent_path()); !made) return made;
  const nlohmann::json json{
      {"endpoint", access.endpoint},         {"pid", access.pid}, {"start_ticks", access.start_ticks},
      {"state_folder", access.state_folder}, {"log", access.log}, {"workers", access.workers}};
  const std::string text = json.dump() + "\n";
  const std::string partial = path.string() + "." + std::to_string(getpid());
  unlink(partial.c_str());
  const base::Fd file(open(partial.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600));
  if (!file || write(file.get(), text.data(), text.size()) != static_cast<ssize_t>(text.size()) ||
      rename(partial.c_str(), path.c_str()) != 0) {
    const std::string why = std::strerror(errno);
    unlink(partial.c_str());
    return refused(path, "cannot be written: " + why);
  }
  return {};
}

void remove_access(const std::filesystem::path& path) {
  unlink(path.c_str());
}

}  // namespace brigade::cluster
