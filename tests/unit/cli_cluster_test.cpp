#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "client/cluster/access_file.h"
#include "client/cluster/folders.h"
#include "client/cluster/process.h"
#include "client/cluster/supervisor.h"
#include "tests/support/temporary_folder.h"

namespace brigade::cluster {
namespace {

class ClusterFolder : public ::testing::Test {
 protected:
  test::TemporaryFolder home;
  std::filesystem::path path = home.path();
};

Access own() {
  return {.endpoint = "tcp://127.0.0.1:5757",
          .pid = getpid(),
          .start_ticks = start_ticks(getpid()).value_or(0),
          .state_folder = "/s",
          .log = "/l",
          .workers = 2};
}

TEST_F(ClusterFolder, AccessFileIsReadBack) {
  const auto file = path / "sub" / "access.json";
  ASSERT_TRUE(write_access(file, own()));
  struct stat info {};
  ASSERT_EQ(stat(file.c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 0777, 0600u);
  auto access = read_access(file);
  ASSERT_TRUE(access && *access);
  EXPECT_EQ(**access, own());
}

TEST_F(ClusterFolder, AccessFileOfADeadSupervisorMeansNothing) {
  Access recycled = own();
  recycled.start_ticks += 1;  // the number is somebody else's now
  ASSERT_TRUE(write_access(path / "access.json", recycled));
  auto access = read_access(path / "access.json");
  ASSERT_TRUE(access);
  EXPECT_FALSE(*access);
}

TEST_F(ClusterFolder, DamagedAccessFileIsAnError) {
  std::ofstream(path / "access.json") << "{\"endpoint\":";
  EXPECT_FALSE(read_access(path / "access.json"));
  auto none = read_access(path / "missing.json");
  ASSERT_TRUE(none);
  EXPECT_FALSE(*none);
}

TEST_F(ClusterFolder, TailIsWholeLines) {
  std::ofstream(path / "log") << "first line\nsecond line\nthird\n";
  EXPECT_EQ(tail_of(path / "log", 14), "third");
  EXPECT_EQ(tail_of(path / "log", 1000), "first line\nsecond line\nthird");
  EXPECT_EQ(tail_of(path / "nothing", 10), "");
}

TEST(Process, TellsHowItEnded) {
  auto process = Process::start({.arguments = {"/bin/sh", "-c", "exit 3"}, .stderr_file = {}, .stdout_file = {}});
  ASSERT_TRUE(process);
  stop_all({&*process}, std::chrono::seconds(5));
  EXPECT_TRUE(process->has_ended());
}

TEST(Process, IsKilledWhenItDoesNotListen) {
  auto process = Process::start({.arguments = {"/bin/sh", "-c", "trap '' TERM; while :; do sleep 1; done"},
                                 .new_session = true,
                                 .stderr_file = {},
                                 .stdout_file = {}});
  ASSERT_TRUE(process);
  stop_all({&*process}, std::chrono::milliseconds(50));
  EXPECT_TRUE(process->has_ended());
  EXPECT_NE(process->end_text().find("signal"), std::string::npos);
}

TEST(RestartPause, DoublesUpToABound) {
  EXPECT_EQ(restart_pause(0), Duration(0));
  EXPECT_EQ(restart_pause(1), std::chrono::milliseconds(100));
  EXPECT_EQ(restart_pause(3), std::chrono::milliseconds(400));
  EXPECT_EQ(restart_pause(100), restart_pause(8));
}

}  // namespace
}  // namespace brigade::cluster
