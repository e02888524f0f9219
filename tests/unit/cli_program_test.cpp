// The program as a whole, as far as it goes without a broker.
#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>

#include "client/cli/app.h"
#include "tests/support/temporary_folder.h"

namespace brigade::cli {
namespace {

struct Ended {
  int code = -1;
  std::string out, err;
};

Ended run(std::vector<std::string> words) {
  words.insert(words.begin(), "brigade");
  std::vector<char*> arguments;
  for (std::string& word : words) arguments.push_back(word.data());
  testing::internal::CaptureStdout();
  testing::internal::CaptureStderr();
  Ended ended;
  ended.code = run_program(static_cast<int>(arguments.size()), arguments.data());
  ended.out = testing::internal::GetCapturedStdout();
  ended.err = testing::internal::GetCapturedStderr();
  return ended;
}

/// No configuration, environment or cluster of the person who runs the test.
class ProgramTest : public ::testing::Test {
 protected:
  ProgramTest() {
    for (const char* variable : {"XDG_CONFIG_HOME", "XDG_STATE_HOME", "XDG_RUNTIME_DIR"})
      setenv(variable, path.c_str(), 1);
    for (const char* variable : {"BRIGADE_OUTPUT", "BRIGADE_BROKER", "BRIGADE_CONFIG"}) unsetenv(variable);
  }
  void configure(const std::string& text) const {
    std::filesystem::create_directories(path / "brigade");
    std::ofstream(path / "brigade" / "config.toml") << text;
  }
  test::TemporaryFolder home;
  std::filesystem::path path = home.path();
};

TEST_F(ProgramTest, WithoutArgumentsItShowsAShortHelpWithExamples) {
  const Ended ended = run({});
  EXPECT_EQ(ended.code, 2);
  EXPECT_EQ(ended.out, "");
  EXPECT_NE(ended.err.find("Examples:"), std::string::npos);
}

TEST_F(ProgramTest, HelpGoesToStandardOutput) {
  const Ended ended = run({"run", "fetch", "--help"});
  EXPECT_EQ(ended.code, 0);
  for (const char* option : {"--from", "--save", "--max-redirects", "--rate", "--per-host", "--deadline", "--broker",
                             "BRIGADE_FETCH_MAX_BODY"}) {
    EXPECT_NE(ended.out.find(option), std::string::npos) << option;
  }
}

TEST_F(ProgramTest, HelpNamesNothingThatIsNotBuilt) {
  for (const std::vector<std::string>& words :
       std::vector<std::vector<std::string>>{{"--help"}, {"run", "fetch", "--help"}, {"up", "--help"}}) {
    const std::string text = run(words).out;
    for (const char* absent : {"keygen", "--hosts", "--slurm", "supervise"}) {
      EXPECT_EQ(text.find(absent), std::string::npos) << absent;
    }
  }
}

TEST_F(ProgramTest, EveryOptionOfEveryKindShowsItsVariable) {
  for (const char* kind : {"factorial", "fetch", "noop", "sleep", "spin", "echo"}) {
    const std::string text = run({"run", kind, "--help"}).out;
    std::size_t options = 0, notes = 0;
    for (std::size_t at = 0; (at = text.find("\n  -", at + 1)) != std::string::npos;) ++options;
    for (std::size_t at = 0; (at = text.find("env: BRIGADE_", at + 1)) != std::string::npos;) ++notes;
    EXPECT_EQ(notes + 3, options) << text;  // -h, --help and --version have none
  }
}

TEST_F(ProgramTest, MistypedWordsAreSuggested) {
  EXPECT_EQ(run({"rnu"}).err, "brigade: there is no command 'rnu'; did you mean 'run'? See: brigade --help\n");
  EXPECT_EQ(run({"rnu"}).code, 2);
  EXPECT_NE(run({"run", "factorail", "5"}).err.find("did you mean 'factorial'?"), std::string::npos);
  EXPECT_NE(run({"run", "noop", "0..3", "--ouput", "json"}).err.find("did you mean '--output'?"), std::string::npos);
}

TEST_F(ProgramTest, BadInputIsExitCodeTwoAndOneLine) {
  const std::vector<std::vector<std::string>> wrong{{"run"},
                                                    {"run", "factorial", "1e9"},
                                                    {"run", "factorial", "-1"},
                                                    {"run", "factorial", "abc"},
                                                    {"run", "fetch", "ftp://a/"},
                                                    {"run", "fetch", "file:///etc/passwd"},
                                                    {"run", "fetch"},
                                                    {"run", "noop", "5..1"},
                                                    {"run", "sleep", "10"},
                                                    {"wait"},
                                                    {"status", "extra"},
                                                    {"-o", "xml", "status"},
                                                    {"run", "noop", "0..1", "--workers", "0"},
                                                    {"run", "noop", "0..1", "--resume"},
                                                    {"run", "noop", "0..1", "--out", "/nowhere/at/all"},
                                                    {"completion", "tcsh"}};
  for (const auto& words : wrong) {
    const Ended ended = run(words);
    EXPECT_EQ(ended.code, 2) << words.back();
    EXPECT_EQ(ended.out, "") << words.back();
    if (words.size() > 1) {
      EXPECT_EQ(std::count(ended.err.begin(), ended.err.end(), '\n'), 1) << ended.err;
    }
  }
}

TEST_F(ProgramTest, WithoutABrokerItSaysHowToGetOne) {
  const Ended ended = run({"jobs"});
  EXPECT_EQ(ended.code, 3);
  EXPECT_NE(ended.err.find("brigade up"), std::string::npos);
}

TEST_F(ProgramTest, FlagsWinOverTheEnvironmentAndThatOverTheConfiguration) {
  configure("output = \"quiet\"\n");
  EXPECT_EQ(run({"version"}).out.find('{'), std::string::npos);
  setenv("BRIGADE_OUTPUT", "json", 1);
  EXPECT_EQ(run({"version"}).out.front(), '{');
  EXPECT_EQ(run({"version", "-o", "csv"}).out.substr(0, 8), "brigade,");
  unsetenv("BRIGADE_OUTPUT");
}

TEST_F(ProgramTest, ConfigurationHasASectionPerCommand) {
  configure("[run]\nworkers = 0\n");
  const Ended ended = run({"run", "noop", "0..1"});
  EXPECT_EQ(ended.code, 2);
  EXPECT_NE(ended.err.find("--workers"), std::string::npos) << ended.err;
}

TEST_F(ProgramTest, UnknownKeysOfTheConfigurationAreErrors) {
  configure("outptu = \"json\"\n");
  const Ended ended = run({"version"});
  EXPECT_EQ(ended.code, 2);
  EXPECT_NE(ended.err.find("outptu"), std::string::npos) << ended.err;
}

TEST_F(ProgramTest, AConfigurationThatIsNamedMustBeThere) {
  EXPECT_EQ(run({"version", "--config", "/nowhere/config.toml"}).code, 2);
}

TEST_F(ProgramTest, CompletionIsWrittenForEachShell) {
  EXPECT_NE(run({"completion", "bash"}).out.find("complete -F _brigade brigade"), std::string::npos);
  EXPECT_NE(run({"completion", "zsh"}).out.find("#compdef brigade"), std::string::npos);
  EXPECT_NE(run({"completion", "fish"}).out.find("complete -c brigade"), std::string::npos);
}

TEST_F(ProgramTest, VersionIsData) {
  const auto json = nlohmann::json::parse(run({"version", "-o", "json"}).out);
  EXPECT_TRUE(json.contains("protocol"));
  EXPECT_EQ(run({"--version"}).out.substr(0, 8), "brigade ");
}

}  // namespace
}  // namespace brigade::cli
