#include <gtest/gtest.h>
#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <thread>

#include "proto/base/cores.h"
#include "proto/base/file_limit.h"
#include "proto/base/log.h"
#include "proto/base/memory.h"
#include "proto/base/os.h"
#include "proto/base/version.h"
#include "tests/support/temporary_folder.h"

namespace brigade::base {
namespace {

namespace fs = std::filesystem;

using Folder = test::TemporaryFolder;

void write(const fs::path& path, const std::string& text) {
  fs::create_directories(path.parent_path());
  std::ofstream(path) << text;
}

std::string read(const fs::path& path) {
  std::ostringstream text;
  text << std::ifstream(path).rdbuf();
  return text.str();
}

bool readable(int fd) {
  pollfd item{.fd = fd, .events = POLLIN, .revents = 0};
  return ::poll(&item, 1, 0) == 1;
}

int exit_code_of(Child child) {
  int status = 0;
  EXPECT_EQ(::waitpid(child.pid, &status, 0), child.pid);
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

Child started(const SpawnOptions& options) {
  const auto child = spawn(options);
  EXPECT_TRUE(child) << child.error().message;
  return child ? *child : Child{};
}

TEST(Fd, ClosesWhatItOwnsOnce) {
  int ends[2];
  ASSERT_EQ(::pipe(ends), 0);
  const Fd reader(ends[0]);
  {
    Fd writer(ends[1]);
    Fd other = std::move(writer);
    EXPECT_FALSE(writer);
    writer = std::move(other);
    EXPECT_EQ(writer.get(), ends[1]);
    EXPECT_FALSE(readable(reader.get()));
  }
  EXPECT_TRUE(readable(reader.get()));  // the end of the pipe
}

TEST(EventFd, ManySignalsBeforeClearAreOne) {
  EventFd event;
  EXPECT_FALSE(readable(event.fd()));
  event.signal();
  event.signal();
  EXPECT_TRUE(readable(event.fd()));
  event.clear();
  EXPECT_FALSE(readable(event.fd()));
  event.clear();
}

TEST(SignalFd, ReadsABlockedSignal) {
  std::thread([] {  // the mask is this thread's own
    SignalFd signals({SIGUSR1, SIGUSR2});
    EXPECT_EQ(signals.next(), std::nullopt);
    ::pthread_kill(::pthread_self(), SIGUSR2);
    EXPECT_TRUE(readable(signals.fd()));
    EXPECT_EQ(signals.next(), SIGUSR2);
    EXPECT_EQ(signals.next(), std::nullopt);
  })
      .join();
}

TEST(Clocks, GoForward) {
  const Instant before = monotonic_now();
  const Now both = now();
  EXPECT_GE(both.instant, before);
  EXPECT_GT(both.utc.value, 1'700'000'000'000);
}

TEST(Machine, IsKnown) {
  EXPECT_GE(usable_cores(), 1u);
  EXPECT_FALSE(host_name().empty());
  EXPECT_TRUE(fs::exists(program_folder() / "base_test"));
  EXPECT_NE(random_u64(), random_u64());
  EXPECT_FALSE(version().empty());
}

TEST(QuotaCores, OfVersionTwoIsTheLeastOnThePathRoundedUp) {
  const Folder root;
  write(root.path() / "a" / "cpu.max", "350000 100000\n");
  write(root.path() / "a" / "b" / "cpu.max", "max 100000\n");
  EXPECT_EQ(quota_cores("0::/a/b\n", root.path()), 4u);
  write(root.path() / "a" / "b" / "cpu.max", "20000 100000\n");
  EXPECT_EQ(quota_cores("0::/a/b\n", root.path()), 1u);
  EXPECT_EQ(quota_cores("0::/elsewhere\n", root.path()), std::nullopt);
  write(root.path() / "cpu.max", "200000 100000\n");  // a container's own group
  EXPECT_EQ(quota_cores("0::/not/visible/here\n", root.path()), 2u);
}

TEST(QuotaCores, OfVersionOneIsFoundUnderItsController) {
  const Folder root;
  write(root.path() / "cpu,cpuacct" / "x" / "cpu.cfs_quota_us", "150000\n");
  write(root.path() / "cpu,cpuacct" / "x" / "cpu.cfs_period_us", "100000\n");
  EXPECT_EQ(quota_cores("5:cpuset:/x\n4:cpu,cpuacct:/x\n", root.path()), 2u);
  EXPECT_EQ(quota_cores("5:cpuset:/x\n", root.path()), std::nullopt);
  write(root.path() / "cpu,cpuacct" / "x" / "cpu.cfs_quota_us", "-1\n");
  EXPECT_EQ(quota_cores("4:cpu,cpuacct:/x\n", root.path()), std::nullopt);
  EXPECT_EQ(quota_cores("nonsense", root.path()), std::nullopt);
}

TEST(LimitedMemory, IsTheLeastOfAGroupAndThoseAboveIt) {
  const Folder root;
  write(root.path() / "a" / "memory.max", "1000000\n");
  write(root.path() / "a" / "b" / "memory.max", "max\n");
  EXPECT_EQ(limited_memory("0::/a/b\n", root.path()), 1'000'000u);
  write(root.path() / "a" / "b" / "memory.max", "5000\n");
  EXPECT_EQ(limited_memory("0::/a/b\n", root.path()), 5000u);
  EXPECT_EQ(limited_memory("0::/elsewhere\n", root.path()), std::nullopt);
  write(root.path() / "memory" / "x" / "memory.limit_in_bytes", "4000\n");
  EXPECT_EQ(limited_memory("0::/a/b\n9:memory:/x\n", root.path()), 4000u);
  EXPECT_EQ(limited_memory("nonsense", root.path()), std::nullopt);
}

TEST(Spawn, RunsAProgramWithItsOutputInFiles) {
  const Folder folder;
  write(folder.path() / "err", "before\n");
  const Child child =
      started({.arguments = {"/bin/sh", "-c", "echo out \"$0\"; echo err >&2; cat; exit 3", "two words"},
               .stderr_file = folder.path() / "err",
               .stdout_file = folder.path() / "out"});
  EXPECT_EQ(exit_code_of(child), 3);
  EXPECT_EQ(read(folder.path() / "out"), "out two words\n");
  EXPECT_EQ(read(folder.path() / "err"), "before\nerr\n");
}

TEST(Spawn, SaysWhyAProgramCannotBeStarted) {
  const auto missing = spawn({.arguments = {"/no/such/program"}});
  ASSERT_FALSE(missing);
  EXPECT_EQ(missing.error().message, "cannot start /no/such/program: No such file or directory");
  const auto output = spawn({.arguments = {"/bin/true"}, .stdout_file = "/no/such/folder/file"});
  ASSERT_FALSE(output);
  EXPECT_EQ(output.error().message, "cannot open /no/such/folder/file: No such file or directory");
}

TEST(Spawn, StartsWithNoSignalBlockedOrIgnored) {
  const Folder folder;
  std::thread([&folder] {
    SignalFd signals({SIGTERM, SIGUSR1});
    auto* const before = ::signal(SIGUSR2, SIG_IGN);
    EXPECT_EQ(exit_code_of(started({.arguments = {"/bin/grep", "-E", "SigBlk|SigIgn", "/proc/self/status"},
                                    .stdout_file = folder.path() / "out"})),
              0);
    ::signal(SIGUSR2, before);
  }).join();
  EXPECT_EQ(read(folder.path() / "out"), "SigBlk:\t0000000000000000\nSigIgn:\t0000000000000000\n");
}

TEST(Spawn, LeavesNoDescriptorOpenAndGivesANewSession) {
  const Folder folder;
  int ends[2];
  ASSERT_EQ(::pipe(ends), 0);  // not marked to be closed
  const Fd reader(ends[0]);
  const Fd writer(ends[1]);
  const Child child = started({.arguments = {"/bin/sh", "-c", "ls /proc/self/fd | wc -l; cut -d' ' -f6 /proc/$$/stat"},
                               .new_session = true,
                               .stdout_file = folder.path() / "out"});
  EXPECT_EQ(exit_code_of(child), 0);
  EXPECT_EQ(read(folder.path() / "out"), "4\n" + std::to_string(child.pid) + "\n");  // 0, 1, 2 and the folder itself
}

TEST(Spawn, EndsTheProgramWithTheThreadThatStartedIt) {
  Child child;
  std::thread([&child] { child = started({.arguments = {"/bin/sleep", "1000"}, .die_with_parent = true}); }).join();
  EXPECT_EQ(exit_code_of(child), 128 + SIGTERM);
}

TEST(DieWithParent, EndsTheProgramWhenTheParentIsAnotherAlready) {
  const pid_t pid = ::fork();
  if (pid == 0) {
    die_with_parent(::getppid() + 1);
    ::_exit(0);
  }
  EXPECT_EQ(exit_code_of(Child{pid}), 128 + SIGTERM);
}

TEST(Log, WritesOneLineWithTimeAndLevel) {
  ASSERT_TRUE(log::init("info"));
  testing::internal::CaptureStderr();
  log::debug("unseen");
  log::info("job {} has {} tasks", "x", 3);
  log::warn("forged\nline \x1b[31m");
  const std::string text = testing::internal::GetCapturedStderr();
  const std::size_t end = text.find('\n');
  ASSERT_NE(end, std::string::npos);
  EXPECT_EQ(text.substr(24, end - 24), " info: job x has 3 tasks") << text;
  EXPECT_EQ(text[23], 'Z');
  EXPECT_EQ(text.substr(end + 1 + 24), " warning: forged\\x0aline \\x1b[31m\n");
}

TEST(Log, TakesItsLevelFromTheEnvironmentAndRefusesOthers) {
  ::setenv("BRIGADE_LOG", "error", 1);
  ASSERT_TRUE(log::init());
  EXPECT_FALSE(log::enabled(log::Level::warn));
  EXPECT_TRUE(log::enabled(log::Level::error));
  ASSERT_TRUE(log::init("off"));
  EXPECT_FALSE(log::enabled(log::Level::error));
  ::unsetenv("BRIGADE_LOG");
  ASSERT_TRUE(log::init());
  EXPECT_TRUE(log::enabled(log::Level::info));
  const auto refused = log::init("loud");
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().message, "\"loud\" is no log level; it is one of debug, info, warn, error, off");
}

TEST(FileLimit, IsRaisedToWhatTheSystemAllows) {
  rlimit before{};
  ASSERT_EQ(::getrlimit(RLIMIT_NOFILE, &before), 0);
  const rlimit lowered{.rlim_cur = before.rlim_max / 2, .rlim_max = before.rlim_max};
  ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &lowered), 0);
  raise_file_limit();
  rlimit after{};
  ASSERT_EQ(::getrlimit(RLIMIT_NOFILE, &after), 0);
  EXPECT_EQ(after.rlim_cur, before.rlim_max);
  EXPECT_EQ(::setrlimit(RLIMIT_NOFILE, &before), 0);
}

}  // namespace
}  // namespace brigade::base
