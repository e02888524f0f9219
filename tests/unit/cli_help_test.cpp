#include <gtest/gtest.h>

#include "client/cli/tree.h"
#include "proto/base/nearest.h"

namespace brigade::cli {
namespace {

TEST(Suggestions, FindTheNearestCommand) {
  const std::vector<std::string> commands{"run", "submit", "results", "status", "factorial"};
  EXPECT_EQ(base::nearest("rnu", commands), "run");
  EXPECT_EQ(base::nearest("resluts", commands), "results");
  EXPECT_EQ(base::nearest("factorail", commands), "factorial");
  EXPECT_EQ(base::nearest("stat", commands), "status");
  EXPECT_EQ(base::nearest("zebra", commands), std::nullopt);
}

TEST(Suggestions, CountASwapOfNeighboursAsOneEdit) {
  EXPECT_EQ(base::nearest("rnu", {"rrr", "run"}), "run");
  EXPECT_EQ(base::nearest("rnu", {"nur"}), std::nullopt);
}

class Tree : public ::testing::Test {
 protected:
  Tree() : root("A program", "brigade", nullptr), declared(root, "") {
    Declare run = declared.command("run", "Runs things", {});
    run.duration({"--deadline", "Limit of the job", "none"}, deadline);
    Declare kind = run.command("fetch", "Fetches", {}, "FETCH_");
    kind.words("URL", "What to fetch", words);
    kind.flag({"--body", "With the body"}, body);
    kind.hide();
    Declare shown = run.command("echo", "Echoes", {}, "ECHO_");
    shown.text({"--from", "A list", "", "FILE"}, from);
  }
  CommandApp root;
  Declare declared;
  std::optional<Duration> deadline;
  std::vector<std::string> words;
  std::string from;
  bool body = false;
};

TEST_F(Tree, FullHelpShowsDefaultsAndEnvironmentVariablesOfEveryLevel) {
  CLI::App& echo = *root.get_subcommand("run")->get_subcommand("echo");
  const std::string text = help_text(echo, true, 100);
  EXPECT_NE(text.find("[default: none; env: BRIGADE_ECHO_FROM]"), std::string::npos) << text;
  EXPECT_NE(text.find("[default: none; env: BRIGADE_DEADLINE]"), std::string::npos) << text;
}

TEST_F(Tree, HiddenCommandsAppearNowhere) {
  EXPECT_EQ(help_text(*root.get_subcommand("run"), true, 100).find("fetch"), std::string::npos);
  EXPECT_EQ(completion_script(root, "bash").find("fetch"), std::string::npos);
}

TEST_F(Tree, CompletionKnowsTheOptionsOfAllLevels) {
  const std::string script = completion_script(root, "bash");
  EXPECT_NE(script.find("'run echo') words=''; options='--deadline --from'"), std::string::npos) << script;
}

TEST_F(Tree, OptionsOfAParentMayFollowTheChild) {
  std::vector<std::string> arguments{"5s", "--deadline", "echo", "run"};
  root.parse(std::move(arguments));
  EXPECT_EQ(deadline, Duration(std::chrono::seconds(5)));
}

TEST(Variables, CarryTheScopeAndTheLongName) {
  EXPECT_EQ(variable_of("FETCH_", "-H,--max-body"), "BRIGADE_FETCH_MAX_BODY");
  EXPECT_EQ(variable_of("", "--location,!--no-location"), "BRIGADE_LOCATION");
}

}  // namespace
}  // namespace brigade::cli
