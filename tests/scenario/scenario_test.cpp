// Every story in this folder is a test: broker/*.txt and worker/*.txt. README.md tells how they are written.
// With BRIGADE_REWRITE_STORIES=1 what came out is written into the files, to be read and compared by a person.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>

#include "tests/scenario/broker_runner.h"
#include "tests/scenario/worker_runner.h"

namespace brigade::scenario {
namespace {

std::vector<std::string> stories(const std::string& core) {
  std::vector<std::string> names;
  for (const auto& entry : std::filesystem::directory_iterator(std::filesystem::path(BRIGADE_STORIES) / core))
    if (entry.path().extension() == ".txt") names.push_back(entry.path().stem().string());
  std::ranges::sort(names);
  return names;
}

std::string joined(const std::vector<std::string>& lines) {
  std::string text;
  for (const std::string& line : lines) text += "-> " + line + "\n";
  return text;
}

void play(const std::filesystem::path& file, Runner& runner) {
  const bool rewrite = std::getenv("BRIGADE_REWRITE_STORIES") != nullptr;
  std::vector<Step> steps = read_story(file);
  for (Step& step : steps) {
    if (!step.is_event) continue;
    SCOPED_TRACE(file.filename().string() + ": " + step.text);
    std::vector<std::string> came = runner.play(Line(step.text));
    if (!rewrite) {
      EXPECT_EQ(joined(came), joined(step.expected)) << "after: " << step.text;
    }
    step.expected = std::move(came);
  }
  if (rewrite) write_story(file, steps);
}

std::string name_of_test(const testing::TestParamInfo<std::string>& info) {
  return info.param;
}

class BrokerStory : public testing::TestWithParam<std::string> {};
class WorkerStory : public testing::TestWithParam<std::string> {};

TEST_P(BrokerStory, PlaysAsWritten) {
  play(std::filesystem::path(BRIGADE_STORIES) / "broker" / (GetParam() + ".txt"), *broker_runner());
}
TEST_P(WorkerStory, PlaysAsWritten) {
  play(std::filesystem::path(BRIGADE_STORIES) / "worker" / (GetParam() + ".txt"), *worker_runner());
}

INSTANTIATE_TEST_SUITE_P(Broker, BrokerStory, testing::ValuesIn(stories("broker")), name_of_test);
INSTANTIATE_TEST_SUITE_P(Worker, WorkerStory, testing::ValuesIn(stories("worker")), name_of_test);

}  // namespace
}  // namespace brigade::scenario
