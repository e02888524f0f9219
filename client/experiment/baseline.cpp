#include "client/experiment/baseline.h"

#include <poll.h>
#include <stdlib.h>
#include <unistd.h>

#include <algorithm>
#include <fstream>
#include <sstream>

#include "client/cluster/process.h"
#include "client/experiment/embedded.h"

namespace brigade::experiment {
namespace {

namespace fs = std::filesystem;

/// A folder that goes with this.
class ScratchFolder {
 public:
  ScratchFolder() {
    std::error_code ignored;
    std::string name = (fs::temp_directory_path(ignored) / "brigade-baseline-XXXXXX").string();
    if (mkdtemp(name.data()) != nullptr) path_ = name;
  }
  ScratchFolder(const ScratchFolder&) = delete;
  ScratchFolder& operator=(const ScratchFolder&) = delete;
  ~ScratchFolder() {
    std::error_code ignored;
    if (!path_.empty()) fs::remove_all(path_, ignored);
  }
  const fs::path& path() const { return path_; }

 private:
  fs::path path_;
};

std::string text_of(const fs::path& path) {
  std::ifstream file(path, std::ios::binary);
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

struct Ended {
  bool well = false;
  std::string output, errors;
};

/// Runs a program to its end, or to the interrupt.
Result<Ended> run_program(std::vector<std::string> arguments, const fs::path& folder, int interrupt_fd) {
  auto process = cluster::Process::start({.arguments = std::move(arguments),
                                          .die_with_parent = true,
                                          .new_session = true,
                                          .stderr_file = folder / "errors",
                                          .stdout_file = folder / "output"});
  if (!process) return process.error();
  pollfd fds[2] = {{.fd = process->fd(), .events = POLLIN, .revents = 0},
                   {.fd = interrupt_fd, .events = POLLIN, .revents = 0}};
  while (!process->has_ended()) {
    poll(fds, 2, -1);
    if ((fds[1].revents & POLLIN) == 0) continue;
    cluster::stop_all({&*process}, std::chrono::seconds(2));
    return Error{ErrorCode::cancelled, "interrupted"};
  }
  return Ended{process->end_text() == "exit code 0", text_of(folder / "output"), text_of(folder / "errors")};
}

std::vector<std::string> modules_for(bool fetches, const std::vector<std::string>& modes) {
  std::vector<std::string> modules;
  if (!fetches) return modules;
  const bool coroutines = std::find(modes.begin(), modes.end(), "asyncio") != modes.end();
  if (modes.size() > (coroutines ? 1u : 0u)) modules.push_back("requests");
  if (coroutines) modules.push_back("aiohttp");
  return modules;
}

/// Prints the interpreter's version and each module's, or ends with an ImportError that names the module.
std::string probe(const std::vector<std::string>& modules) {
  std::string script = "import sys; print('.'.join(map(str, sys.version_info[:3])))";
  for (const std::string& module : modules)
    script += "\nimport " + module + "; print('" + module + "', " + module + ".__version__)";
  return script;
}

std::string in_path(const std::string& program) {
  if (program.find('/') != std::string::npos) return program;
  const char* path = std::getenv("PATH");
  std::istringstream folders(path == nullptr ? "/usr/bin:/bin" : path);
  for (std::string folder; std::getline(folders, folder, ':');) {
    const std::string candidate = folder + "/" + program;
    if (access(candidate.c_str(), X_OK) == 0) return candidate;
  }
  return {};
}

std::string how_to_install(const std::vector<std::string>& modules) {
  std::string packages, names;
  for (const std::string& module : modules) {
    packages += " python3-" + module;
    names += " " + module;
  }
  return "Install it with 'apt-get install python3" + packages + "'" +
         (names.empty()
              ? ""
              : ", or with 'python3 -m venv DIR && DIR/bin/pip install" + names + "' and --python DIR/bin/python") +
         "; or leave out --baseline";
}

}  // namespace

std::vector<std::string> usual_pythons() {
  return {"python3", "/usr/bin/python3"};
}

Result<Python> find_python(const std::vector<std::string>& candidates, bool fetches,
                           const std::vector<std::string>& modes) {
  const std::vector<std::string> modules = modules_for(fetches, modes);
  std::string why;
  for (const std::string& candidate : candidates) {
    const std::string program = in_path(candidate);
    if (program.empty() || access(program.c_str(), X_OK) != 0) {
      why += "\n  " + candidate + ": not there";
      continue;
    }
    const ScratchFolder folder;
    auto ended = run_program({program, "-c", probe(modules)}, folder.path(), -1);
    if (!ended) return ended.error();
    if (!ended->well) {
      const std::size_t last =
          ended->errors.rfind('\n', ended->errors.size() - std::min<std::size_t>(2, ended->errors.size()));
      why += "\n  " + program + ": " + ended->errors.substr(last == std::string::npos ? 0 : last + 1);
      while (why.ends_with('\n')) why.pop_back();
      continue;
    }
    std::istringstream lines(ended->output);
    Python python{.program = program, .version = {}, .modules = {}};
    lines >> python.version;
    for (std::string module, version; lines >> module >> version;) python.modules.emplace_back(module, version);
    return python;
  }
  return Error{ErrorCode::invalid, "the baseline needs Python 3" +
                                       std::string(modules.empty() ? "" : " with modules that are missing") + ":" +
                                       why + "\n" + how_to_install(modules)};
}

std::string baseline_spec(const Cell& cell, const std::string& kind, const std::string& form, const Json& arguments,
                          unsigned warmup) {
  return Json{{"kind", kind},
              {"as", form},
              {"mode", cell.mode},
              {"workers", cell.workers},
              {"threads", cell.threads},
              {"io_concurrency", cell.io_concurrency},
              {"warmup", warmup},
              {"arguments", arguments}}
      .dump();
}

Result<RunRecord> run_baseline(const Python& python, const std::string& spec, std::uint64_t tasks, int interrupt_fd) {
  const ScratchFolder folder;
  std::ofstream(folder.path() / "spec.json", std::ios::binary) << spec;
  auto ended =
      run_program({python.program, "-c", std::string(baseline_script()), (folder.path() / "spec.json").string()},
                  folder.path(), interrupt_fd);
  if (!ended) return ended.error();
  const auto answer = Json::parse(ended->output, nullptr, false);
  const bool whole = ended->well && answer.is_object() && answer.contains("seconds") && answer["seconds"].is_number() &&
                     answer.contains("failed") && answer["failed"].is_number_unsigned() && answer.contains("tasks") &&
                     answer["tasks"] == tasks;
  if (!whole)
    return Error{ErrorCode::invalid, "the Python baseline failed:\n" + ended->errors.substr(0, 2000) +
                                         "\nleave out --baseline to measure Brigade alone"};
  RunRecord run;
  run.seconds = answer["seconds"].get<double>();
  run.failed = answer["failed"].get<std::uint64_t>();
  return run;
}

}  // namespace brigade::experiment
