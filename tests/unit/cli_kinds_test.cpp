#include <gtest/gtest.h>

#include <algorithm>
#include <optional>

#include "client/cli/exit_code.h"
#include "client/cli/fetch_options.h"
#include "client/cli/kinds.h"
#include "client/cli/split.h"
#include "client/cli/survey.h"
#include "client/cli/tree.h"

namespace brigade::cli {
namespace {

/// Parses `words` as the kinds below a command and keeps the request that comes out.
class Kinds : public ::testing::Test {
 protected:
  Kinds() : root("A program", "brigade", nullptr), declared(root, "") {
    declare_job_options(declared, *options);
    declare_kinds(declared, options, true, [this](Context&, JobRequest made) {
      request.emplace(std::move(made));
      return kOk;
    });
  }

  ExitCode parse(std::vector<std::string> words) {
    std::reverse(words.begin(), words.end());
    root.parse(std::move(words));
    return static_cast<CommandApp*>(chosen_path(root).back())->action(context);
  }

  Context context;
  CommandApp root;
  Declare declared;
  std::shared_ptr<JobOptions> options = std::make_shared<JobOptions>();
  std::optional<JobRequest> request;
};

TEST_F(Kinds, MakeARangeOfOneContiguousRange) {
  ASSERT_EQ(parse({"factorial", "1..2000"}), kOk);
  EXPECT_EQ(request->spec.range, (Arithmetic{.start = 1, .step = 1, .count = 2000}));
  EXPECT_EQ(request->spec.trend, CostTrend::rising);
  EXPECT_EQ(request->largest, Largest{.number = 2000});
}

TEST_F(Kinds, MakeColumnsOfSeveralNumbers) {
  ASSERT_EQ(parse({"factorial", "5", "9..8:-1"}), kOk);
  EXPECT_FALSE(request->spec.range);
  EXPECT_EQ(request->tasks, 3u);
  EXPECT_EQ(request->largest, Largest{.number = 9});
}

TEST_F(Kinds, PassTheOptionsOfFactorial) {
  ASSERT_EQ(parse({"factorial", "5", "--as", "digest", "--verify"}), kOk);
  const auto encoded = wire::decode_factorial_options(request->spec.options);
  ASSERT_TRUE(encoded);
  EXPECT_EQ(encoded->form, wire::FactorialForm::digest);
  EXPECT_TRUE(encoded->verify);
}

TEST_F(Kinds, SplitOneFactorialIntoTwoJobs) {
  ASSERT_EQ(parse({"factorial", "5000", "--as", "hex", "--split", "4", "--priority", "3", "--name", "n"}), kOk);
  EXPECT_TRUE(request->split);
  EXPECT_EQ(request->tasks, 1u);
  EXPECT_EQ(request->largest, Largest{.number = 5000});
  EXPECT_FALSE(request->spec.range);
  const auto merge = wire::decode_factorial_options(request->spec.options);
  ASSERT_TRUE(merge);
  EXPECT_EQ(merge->form, wire::FactorialForm::hex);
  EXPECT_EQ(merge->split, (wire::FactorialSplit{.n = 5000, .parts = 4, .merge = true}));
  const JobSpec parts = parts_spec(request->spec);
  EXPECT_EQ(parts.range, (Arithmetic{.start = 0, .step = 1, .count = 4}));
  EXPECT_EQ(parts.priority, 3);
  EXPECT_EQ(parts.name, "");
  EXPECT_EQ(parts.max_fails, (FailLimit{.unit = FailLimit::Unit::count, .value = 0}));
  EXPECT_EQ(wire::decode_factorial_options(parts.options)->split, (wire::FactorialSplit{.n = 5000, .parts = 4}));
}

TEST_F(Kinds, SplitNothingElse) {
  const std::vector<std::vector<std::string>> wrong{{"factorial", "1..2", "--split", "4"},
                                                    {"factorial", "5", "6", "--split", "4"},
                                                    {"factorial", "100000000", "--split", "4"}};
  for (const auto& words : wrong) {
    EXPECT_EQ(parse(words), kUsage) << words[1];
    root.clear();
  }
}

TEST(PartCollector, HasThePartsOnceAllAreThere) {
  const auto page = [](std::uint64_t task, TaskStatus status, const std::string& value) {
    ValuesBuilder values;
    values.add(value);
    return Results{.outcomes = {.runs = {{task, 1}}, .status = Column(status), .values = values.take()}};
  };
  const auto answer = [](const std::string& part) { return wire::encode_factorial_answer(0, part); };
  const std::string first(8, 'a'), second(16, 'b');
  PartCollector parts;
  parts.add(page(0, TaskStatus::ok, answer(first)));
  EXPECT_EQ(PartCollector(parts).argument(2), std::nullopt);
  // A long value comes in pieces.
  const std::string value = answer(second);
  Results piece = page(1, TaskStatus::ok, value.substr(0, 10));
  piece.whole_bytes = value.size();
  parts.add(piece);
  piece = page(1, TaskStatus::ok, value.substr(10));
  piece.whole_bytes = value.size();
  piece.offset = 10;
  parts.add(piece);
  EXPECT_EQ(PartCollector(parts).argument(2), wire::encode_factorial_parts({first, second}));
  parts.add(page(2, TaskStatus::internal, "wrong"));
  EXPECT_EQ(parts.argument(2), std::nullopt);
}

TEST_F(Kinds, RepeatADurationWithoutMemory) {
  ASSERT_EQ(parse({"sleep", "10ms", "--count", "1000000000"}), kOk);
  EXPECT_EQ(request->spec.range, (Arithmetic{.start = 10'000'000, .step = 0, .count = 1'000'000'000}));
}

TEST_F(Kinds, RefuseBadArguments) {
  EXPECT_EQ(parse({"factorial", "1e9"}), kUsage);
  root.clear();
  EXPECT_EQ(parse({"fetch", "ftp://a/"}), kUsage);
  root.clear();
  EXPECT_EQ(parse({"echo"}), kUsage);
  root.clear();
  EXPECT_EQ(parse({"sleep", "10"}), kUsage);
}

TEST_F(Kinds, KeepTextsInSquareBracketsWhole) {
  ASSERT_EQ(parse({"echo", "\x01[a,b]", "c"}), kOk);
  auto task = request->source();
  ASSERT_TRUE(task && *task);
  EXPECT_EQ((*task)->argument, "[a,b]");
}

TEST_F(Kinds, TakeTheOptionsOfTheJobAfterTheKind) {
  ASSERT_EQ(parse({"noop", "0..9", "--retries", "3", "--deadline", "2m", "--max-fails", "10%", "--name", "n"}), kOk);
  EXPECT_EQ(request->spec.retries, 3u);
  EXPECT_EQ(request->spec.deadline, std::chrono::minutes(2));
  EXPECT_EQ(request->spec.max_fails, (FailLimit{.unit = FailLimit::Unit::percent, .value = 10}));
  EXPECT_EQ(request->spec.name, "n");
}

TEST_F(Kinds, GiveFetchFiniteLimits) {
  ASSERT_EQ(parse({"fetch", "http://a/"}), kOk);
  EXPECT_EQ(request->spec.retries, 2u);
  EXPECT_EQ(request->spec.task_timeout, std::chrono::seconds(30));
}

TEST(FetchWishes, PostWhatTheySend) {
  FetchWishes wishes;
  wishes.data = "x=1";
  auto options = fetch_options_of(wishes);
  ASSERT_TRUE(options);
  EXPECT_EQ(options->method, "POST");
  EXPECT_EQ(options->data, "x=1");
}

TEST(FetchWishes, SayTheLimitsOfAllWorkersTogether) {
  FetchWishes wishes;
  EXPECT_FALSE(fetch_limits_of(wishes)->any());
  wishes.rate = "100/s";
  wishes.host_rate = "10/m";
  wishes.per_host = 2;
  const Limits limits{
      .spacing = std::chrono::milliseconds(10), .target_spacing = std::chrono::seconds(6), .per_target = 2};
  EXPECT_EQ(*fetch_limits_of(wishes), limits);
  wishes.rate = "fast";
  EXPECT_EQ(fetch_limits_of(wishes).error().message,
            "--rate: \"fast\" is not a rate: a number and /s, /m or /h, as in 100/s or 10/m");
}

TEST(FetchWishes, RefuseHeadersThatWouldSplit) {
  FetchWishes wishes;
  wishes.headers = {"A: b\r\nC: d"};
  EXPECT_FALSE(fetch_options_of(wishes));
  wishes.headers = {"no colon"};
  EXPECT_FALSE(fetch_options_of(wishes));
  wishes.headers = {"A: b"};
  wishes.method = "get it";
  EXPECT_FALSE(fetch_options_of(wishes));
}

TEST(FetchWishes, AskForTheBodyToSaveIt) {
  FetchWishes wishes;
  wishes.save = "folder";
  auto options = fetch_options_of(wishes);
  ASSERT_TRUE(options);
  EXPECT_TRUE(options->body);
}

TEST(FailLimits, AreNumbersOrShares) {
  EXPECT_EQ(*parse_fail_limit("3"), (FailLimit{.unit = FailLimit::Unit::count, .value = 3}));
  EXPECT_EQ(*parse_fail_limit("0"), (FailLimit{.unit = FailLimit::Unit::count, .value = 0}));
  EXPECT_FALSE(parse_fail_limit("101%"));
  EXPECT_FALSE(parse_fail_limit("-1"));
  EXPECT_FALSE(parse_fail_limit("%"));
}

WorkerSummary worker(std::uint64_t limit, bool draining = false) {
  WorkerSummary summary;
  summary.kinds = {{.name = "factorial", .preferred = Lane::threads, .argument_max = limit}};
  summary.draining = draining;
  return summary;
}

TEST(Suitability, IsThatOfTheMostCapableWorker) {
  EXPECT_EQ(suitability_of({worker(10), worker(20)}, "factorial").argument_max, 20u);
  EXPECT_EQ(suitability_of({worker(10), worker(0)}, "factorial").argument_max, std::nullopt);
  EXPECT_EQ(suitability_of({worker(10), worker(50, true)}, "factorial").argument_max, 10u);
  EXPECT_EQ(suitability_of({worker(10)}, "fetch").offering, 0u);
  EXPECT_EQ(suitability_of({worker(10, true)}, "factorial").workers, 0u);
}

TEST(Suitability, IsCheckedByKindAndLimit) {
  const Suitability found = suitability_of({worker(10), worker(20)}, "factorial");
  EXPECT_TRUE(check_suitable(found, "factorial", Largest{.number = 20}));
  EXPECT_TRUE(check_suitable(found, "factorial", std::nullopt));
  const auto over = check_suitable(found, "factorial", Largest{.number = 21, .line = 3});
  ASSERT_FALSE(over);
  EXPECT_EQ(over.error().code, ErrorCode::unsuitable);
  EXPECT_NE(over.error().message.find("factorial: 21 in line 3 of the list is over the limit"), std::string::npos);
  const auto absent = check_suitable(suitability_of({worker(10)}, "fetch"), "fetch", std::nullopt);
  ASSERT_FALSE(absent);
  EXPECT_EQ(exit_code_of(absent.error().code), kNeverRuns);
  EXPECT_TRUE(check_suitable(suitability_of({}, "fetch"), "fetch", std::nullopt)) << "a worker may still come";
}

TEST(Suitability, EndsASourceAtTheTaskThatIsOverTheLimit) {
  const Suitability found = suitability_of({worker(10)}, "factorial");
  TaskSource source = suitable_only(numbers_of({{.start = 9, .step = 1, .count = 3}}), found, "factorial");
  EXPECT_EQ((*source())->number, 9u);
  EXPECT_EQ((*source())->number, 10u);
  const auto refused = source();
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, ErrorCode::unsuitable);
}

}  // namespace
}  // namespace brigade::cli
