#include "proto/base/os.h"

#include <signal.h>
#include <sys/eventfd.h>
#include <sys/random.h>
#include <sys/signalfd.h>
#include <time.h>
#include <unistd.h>

#include <array>
#include <cerrno>

namespace brigade::base {

Fd& Fd::operator=(Fd&& other) noexcept {
  if (this == &other) return *this;
  if (fd_ >= 0) ::close(fd_);
  fd_ = std::exchange(other.fd_, -1);
  return *this;
}

Fd::~Fd() {
  if (fd_ >= 0) ::close(fd_);
}

EventFd::EventFd() : fd_(::eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC)) {
  require(static_cast<bool>(fd_));
}

void EventFd::signal() {
  const std::uint64_t one = 1;
  raised_.store(true);
  // EAGAIN says that the counter is full: the other side is being woken already.
  while (::write(fd_.get(), &one, sizeof one) < 0 && errno == EINTR) {
  }
}

void EventFd::clear() {
  if (!raised_.exchange(false)) return;
  std::uint64_t count = 0;
  ssize_t length = 0;
  do {
    length = ::read(fd_.get(), &count, sizeof count);
  } while (length < 0 && errno == EINTR);
  if (length < 0) raised_.store(true);  // it is on its way: whoever has raised the flag writes next
}

SignalFd::SignalFd(std::initializer_list<int> signals) {
  sigset_t set;
  sigemptyset(&set);
  for (const int number : signals) sigaddset(&set, number);
  require(::pthread_sigmask(SIG_BLOCK, &set, nullptr) == 0);
  fd_ = Fd(::signalfd(-1, &set, SFD_NONBLOCK | SFD_CLOEXEC));
  require(static_cast<bool>(fd_));
}

std::optional<int> SignalFd::next() {
  signalfd_siginfo info{};
  ssize_t length = 0;
  do {
    length = ::read(fd_.get(), &info, sizeof info);
  } while (length < 0 && errno == EINTR);
  if (length != static_cast<ssize_t>(sizeof info)) return std::nullopt;
  return static_cast<int>(info.ssi_signo);
}

Instant monotonic_now() {
  timespec time{};
  ::clock_gettime(CLOCK_MONOTONIC, &time);
  return Instant(std::chrono::seconds(time.tv_sec) + std::chrono::nanoseconds(time.tv_nsec));
}

Now now() {
  timespec time{};
  ::clock_gettime(CLOCK_REALTIME, &time);
  return {.instant = monotonic_now(), .utc = UtcMs{time.tv_sec * 1000 + time.tv_nsec / 1'000'000}};
}

std::uint64_t random_u64() {
  std::uint64_t number = 0;
  ssize_t length = 0;
  do {
    length = ::getrandom(&number, sizeof number, 0);
  } while (length < 0 && errno == EINTR);
  require(length == static_cast<ssize_t>(sizeof number));
  return number;
}

std::string host_name() {
  std::array<char, 256> name{};
  if (::gethostname(name.data(), name.size() - 1) != 0) return "localhost";
  return name.data();
}

std::filesystem::path program_folder() {
  std::error_code error;
  return std::filesystem::read_symlink("/proc/self/exe", error).parent_path();
}

}  // namespace brigade::base
