// Starting programs. Everything that can fail or allocate happens before the fork: the child of a program with threads
// may only make system calls.
#include <fcntl.h>
#include <fmt/format.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "proto/base/os.h"

namespace brigade::base {
namespace {

// What the child needs, ready before the fork.
struct Plan {
  std::vector<char*> arguments{};  // ends with a null
  Fd null{}, output{}, errors{};   // all above 2, so that no redirection overwrites another's source
  Fd report{};                     // the child writes errno here when it cannot become the program
  bool die_with_parent = false;
  bool new_session = false;
  pid_t parent = -1;
};

Result<Fd> open_high(const std::filesystem::path& path, int flags) {
  const Fd low(::open(path.c_str(), flags | O_CLOEXEC, 0644));
  Fd high(low ? ::fcntl(low.get(), F_DUPFD_CLOEXEC, 3) : -1);
  if (!high) return Error{ErrorCode::invalid, fmt::format("cannot open {}: {}", path.string(), std::strerror(errno))};
  return high;
}

Result<Fd> open_log(const std::optional<std::filesystem::path>& path) {
  if (!path) return Fd();
  return open_high(*path, O_WRONLY | O_CREAT | O_APPEND);
}

void reset_signals() {
  struct sigaction standard {};
  standard.sa_handler = SIG_DFL;
  for (int number = 1; number < NSIG; ++number) ::sigaction(number, &standard, nullptr);  // KILL and STOP refuse: fine
  sigset_t none;
  sigemptyset(&none);
  ::sigprocmask(SIG_SETMASK, &none, nullptr);
}

[[noreturn]] void give_up(int report) {
  const int why = errno;
  while (::write(report, &why, sizeof why) < 0 && errno == EINTR) {
  }
  ::_exit(127);
}

[[noreturn]] void become_program(const Plan& plan) {
  if (plan.die_with_parent) {
    if (::prctl(PR_SET_PDEATHSIG, SIGTERM) != 0) give_up(plan.report.get());
    if (::getppid() != plan.parent) ::_exit(127);  // it died before the request
  }
  if (plan.new_session) ::setsid();
  if (::dup2(plan.null.get(), 0) < 0) give_up(plan.report.get());
  if (plan.output && ::dup2(plan.output.get(), 1) < 0) give_up(plan.report.get());
  if (plan.errors && ::dup2(plan.errors.get(), 2) < 0) give_up(plan.report.get());
  ::close_range(3, ~0u, CLOSE_RANGE_CLOEXEC);  // what a library forgot to mark; an old kernel lacks it
  reset_signals();
  ::execv(plan.arguments[0], plan.arguments.data());
  give_up(plan.report.get());
}

// Signals stay blocked around the fork: the parent's handlers must not run in the child.
pid_t fork_quietly(const Plan& plan) {
  sigset_t all;
  sigset_t before;
  sigfillset(&all);
  ::pthread_sigmask(SIG_SETMASK, &all, &before);
  const pid_t pid = ::fork();
  if (pid == 0) become_program(plan);
  const int why = errno;
  ::pthread_sigmask(SIG_SETMASK, &before, nullptr);
  errno = why;
  return pid;
}

// The pipe ends without a byte once the program has been started.
int read_report(const Fd& report) {
  int why = 0;
  ssize_t length = 0;
  do {
    length = ::read(report.get(), &why, sizeof why);
  } while (length < 0 && errno == EINTR);
  return length == static_cast<ssize_t>(sizeof why) ? why : 0;
}

}  // namespace

Result<Child> spawn(const SpawnOptions& options) {
  require(!options.arguments.empty());
  Plan plan{.die_with_parent = options.die_with_parent, .new_session = options.new_session, .parent = ::getpid()};
  std::vector<std::string> arguments = options.arguments;
  for (std::string& argument : arguments) plan.arguments.push_back(argument.data());
  plan.arguments.push_back(nullptr);

  auto null = open_high("/dev/null", O_RDONLY);
  auto output = open_log(options.stdout_file);
  auto errors = open_log(options.stderr_file);
  for (const auto* opened : {&null, &output, &errors})
    if (!*opened) return opened->error();
  plan.null = *std::move(null);
  plan.output = *std::move(output);
  plan.errors = *std::move(errors);

  int ends[2];
  if (::pipe2(ends, O_CLOEXEC) != 0)
    return Error{ErrorCode::internal, fmt::format("cannot make a pipe: {}", std::strerror(errno))};
  const Fd report(ends[0]);
  plan.report = Fd(::fcntl(ends[1], F_DUPFD_CLOEXEC, 3));
  ::close(ends[1]);

  const pid_t pid = fork_quietly(plan);
  if (pid < 0) return Error{ErrorCode::internal, fmt::format("cannot start a process: {}", std::strerror(errno))};
  plan.report = Fd();
  if (const int why = read_report(report); why != 0) {
    ::waitpid(pid, nullptr, 0);
    return Error{ErrorCode::not_found, fmt::format("cannot start {}: {}", options.arguments[0], std::strerror(why))};
  }
  return Child{pid};
}

void die_with_parent(pid_t expected_parent) {
  ::prctl(PR_SET_PDEATHSIG, SIGTERM);
  if (::getppid() != expected_parent) ::raise(SIGTERM);
}

}  // namespace brigade::base
