#include "client/cluster/process.h"

#include <poll.h>
#include <signal.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <fstream>
#include <sstream>

namespace brigade::cluster {

Result<Process> Process::start(const base::SpawnOptions& options) {
  auto child = base::spawn(options);
  if (!child) return child.error();
  Process process;
  process.pid_ = child->pid;
  process.started_at_ = base::monotonic_now();
  process.fd_ = base::Fd(static_cast<int>(syscall(SYS_pidfd_open, child->pid, 0)));
  if (!process.fd_) {
    const std::string why = std::strerror(errno);
    kill(child->pid, SIGKILL);
    waitpid(child->pid, nullptr, 0);
    return Error{ErrorCode::internal, "cannot watch a started process: " + why};
  }
  return process;
}

bool Process::has_ended() {
  if (status_) return true;
  int status = 0;
  if (waitpid(pid_, &status, WNOHANG) != pid_) return false;
  status_ = status;
  return true;
}

std::string Process::end_text() const {
  if (!status_) return "still running";
  if (WIFSIGNALED(*status_)) {
    return "signal " + std::to_string(WTERMSIG(*status_)) + " (" + strsignal(WTERMSIG(*status_)) + ")";
  }
  return "exit code " + std::to_string(WEXITSTATUS(*status_));
}

void Process::signal(int number) const {
  if (!status_) kill(pid_, number);  // not reaped yet, so the number is still its own
}

void stop_all(std::vector<Process*> processes, Duration patience) {
  const auto drop_ended = [&processes] {
    processes.erase(std::remove_if(processes.begin(), processes.end(), [](Process* p) { return p->has_ended(); }),
                    processes.end());
  };
  for (Process* process : processes) process->signal(SIGTERM);
  const Instant until = base::monotonic_now() + patience;
  bool killed = false;
  for (drop_ended(); !processes.empty(); drop_ended()) {
    std::vector<pollfd> fds;
    for (Process* process : processes) fds.push_back({.fd = process->fd(), .events = POLLIN, .revents = 0});
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(until - base::monotonic_now()).count();
    if (left <= 0 && !killed) {
      for (Process* process : processes) process->signal(SIGKILL);
      killed = true;
    }
    poll(fds.data(), fds.size(), killed ? -1 : static_cast<int>(left));
  }
}

std::optional<std::uint64_t> start_ticks(pid_t pid) {
  std::ifstream file("/proc/" + std::to_string(pid) + "/stat");
  std::string text;
  if (!std::getline(file, text)) return std::nullopt;
  // The program's name (field 2) may hold anything; what follows its last parenthesis does not.
  const std::size_t end = text.rfind(')');
  if (end == std::string::npos) return std::nullopt;
  std::istringstream fields(text.substr(end + 1));
  std::string field;
  constexpr int kStartTime = 22;
  for (int number = 3; fields >> field; ++number) {
    if (number == 3 && field == "Z") return std::nullopt;  // dead, not reaped yet
    if (number == kStartTime) return std::strtoull(field.c_str(), nullptr, 10);
  }
  return std::nullopt;
}

}  // namespace brigade::cluster
