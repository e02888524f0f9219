// `brigade doctor`: is everything here that Brigade needs?
#include <sys/resource.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <fstream>
#include <string>
#include <vector>

#include "client/cli/commands.h"
#include "client/cli/context.h"
#include "client/cli/listing.h"
#include "client/cluster/access_file.h"
#include "client/cluster/folders.h"
#include "proto/base/text.h"
#include "proto/base/version.h"
#include "proto/output/json_text.h"

namespace brigade::cli {
namespace {

struct Finding {
  std::string grade;  ///< ok, warn, fail
  std::string what;
  std::string next;  ///< what to do about it; empty when ok
};

Finding check_program(const std::string& name) {
  auto path = cluster::find_program(name);
  if (!path) return {.grade = "fail", .what = name + " is not there", .next = path.error().message};
  FILE* pipe = popen(("'" + *path + "' --version 2>/dev/null").c_str(), "r");
  if (pipe == nullptr)
    return {.grade = "warn", .what = name + " cannot be started", .next = "run it by hand: " + *path};
  std::string said(200, '\0');
  said.resize(fread(said.data(), 1, said.size(), pipe));
  pclose(pipe);
  const std::string version(base::version());
  if (said.find(version) == std::string::npos) {
    return {.grade = "warn",
            .what = name + " is not of version " + version,
            .next = "install all programs from one build; this one is " + *path};
  }
  return {.grade = "ok", .what = name + " " + version + " at " + *path, .next = ""};
}

Finding check_open_files() {
  rlimit limit{};
  getrlimit(RLIMIT_NOFILE, &limit);
  const std::string what = "open files: at most " + std::to_string(limit.rlim_cur);
  constexpr rlim_t kEnough = 1024;
  if (limit.rlim_cur < kEnough) return {.grade = "warn", .what = what, .next = "raise it with: ulimit -n 4096"};
  return {.grade = "ok", .what = what, .next = ""};
}

Finding check_memory() {
  std::ifstream file("/proc/meminfo");
  std::uint64_t kib = 0;
  for (std::string name, rest; file >> name; std::getline(file, rest)) {
    if (name == "MemAvailable:" && file >> kib) break;
  }
  const std::string what = "memory available: " + base::format_size(kib * 1024);
  constexpr std::uint64_t kEnoughKib = 256 * 1024;
  if (kib < kEnoughKib)
    return {.grade = "warn", .what = what, .next = "large factorials and bodies may fail with resource_exhausted"};
  return {.grade = "ok", .what = what, .next = ""};
}

Finding check_folder(const std::string& purpose, const std::filesystem::path& folder) {
  const std::string what = purpose + " " + folder.string();
  std::filesystem::path there = folder;
  while (access(there.c_str(), F_OK) != 0 && there.has_parent_path() && there != there.parent_path())
    there = there.parent_path();
  if (access(there.c_str(), W_OK | X_OK) != 0) {
    return {.grade = "fail",
            .what = what + " cannot be written",
            .next = "set XDG_STATE_HOME or XDG_RUNTIME_DIR to folders of yours"};
  }
  struct statvfs space {};
  if (statvfs(there.c_str(), &space) != 0) return {.grade = "warn", .what = what + " cannot be looked at", .next = ""};
  const std::uint64_t free_bytes = std::uint64_t{space.f_bavail} * space.f_frsize;
  constexpr std::uint64_t kEnough = std::uint64_t{256} << 20;
  const std::string with_space = what + ", " + base::format_size(free_bytes) + " free";
  if (free_bytes < kEnough)
    return {.grade = "warn", .what = with_space, .next = "free some space: submits are refused on a full disk"};
  return {.grade = "ok", .what = with_space, .next = ""};
}

Finding check_broker(Context& context) {
  auto endpoint = find_broker(context);
  if (!endpoint) return {.grade = "fail", .what = "the access file is of no use", .next = endpoint.error().message};
  if (!*endpoint) {
    return {.grade = "ok", .what = "no broker is named or up; 'brigade run' starts a private cluster", .next = ""};
  }
  auto session = connect(context);
  if (!session)
    return {.grade = "fail", .what = "broker " + **endpoint + " does not answer", .next = session.error().message};
  auto answer = (*session)->ask(Verb::status, "");
  if (!answer || !answer->status)
    return {.grade = "fail", .what = "broker " + **endpoint + " does not say how it is", .next = "look into its log"};
  const BrokerStatus& status = *answer->status;
  if (!status.trouble.empty())
    return {.grade = "fail", .what = "broker " + **endpoint + ": " + status.trouble, .next = "see: brigade status"};
  const std::string what =
      "broker " + **endpoint + ", version " + status.version + ", " + std::to_string(status.workers) + " workers";
  if (status.version != base::version())
    return {.grade = "warn", .what = what, .next = "use the same version everywhere"};
  if (status.workers == 0)
    return {.grade = "warn", .what = what, .next = "start one: brigade-worker --broker " + **endpoint};
  return {.grade = "ok", .what = what, .next = ""};
}

std::string json_of(const Finding& finding) {
  std::string text = "{\"grade\":\"" + finding.grade + "\",\"what\":";
  output::append_json_string(text, finding.what);
  text += ",\"next\":";
  output::append_json_string(text, finding.next);
  return text + "}";
}

std::string text_of(const std::vector<Finding>& findings, output::Format format) {
  std::string text;
  for (const Finding& finding : findings) {
    if (format == output::Format::ndjson) {
      text += json_of(finding) + "\n";
    } else if (format == output::Format::json) {
      text += (text.empty() ? "[" : ",\n") + json_of(finding);
    } else {
      text += finding.grade + std::string(6 - finding.grade.size(), ' ') + finding.what + "\n";
      if (!finding.next.empty()) text += "      " + finding.next + "\n";
    }
  }
  return format == output::Format::json ? text + "]\n" : text;
}

ExitCode doctor(Context& context) {
  std::vector<Finding> findings{{.grade = "ok", .what = "brigade " + std::string(base::version()), .next = ""},
                                check_program("brigade-broker"),
                                check_program("brigade-worker"),
                                {.grade = "ok", .what = "cores: " + std::to_string(base::usable_cores()), .next = ""},
                                check_memory(),
                                check_open_files(),
                                check_folder("state folder", cluster::state_folder()),
                                check_folder("runtime folder", cluster::runtime_folder()),
                                check_broker(context)};
  bool failed = false;
  for (const Finding& finding : findings) failed = failed || finding.grade == "fail";
  const output::Format format = context.format();
  const ExitCode printed = context.print(format == output::Format::quiet ? "" : text_of(findings, format));
  return printed != kOk ? printed : failed ? kSomeFailed : kOk;
}

}  // namespace

void declare_doctor(Declare& root) {
  root.command("doctor", "Check that programs, limits, folders and the broker are as they should be", doctor);
}

}  // namespace brigade::cli
