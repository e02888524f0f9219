// What is written down of an experiment: read back as it was, gone on with, and turned into figures.
#include <gtest/gtest.h>
#include <unistd.h>

#include <fstream>
#include <functional>
#include <sstream>

#include "client/experiment/findings.h"
#include "client/experiment/page.h"
#include "client/experiment/record_json.h"
#include "client/experiment/summary.h"
#include "client/experiment/timeline.h"
#include "tests/support/temporary_folder.h"

namespace brigade::experiment {
namespace {

namespace fs = std::filesystem;

Manifest manifest_of_two() {
  Manifest manifest{.title = "noop 0..9",
                    .kind = "noop",
                    .command = "brigade experiment noop 0..9",
                    .started_at = "2026-11-24T12:00:00.000Z",
                    .arguments = {"experiment", "noop", "0..9"},
                    .repeat = 5,
                    .warmup = 1,
                    .seed = 18'446'744'073'709'551'615u,
                    .machine = {.host = "here", .cpu = "a CPU", .cores = 2, .cores_limit = 2}};
  manifest.machine.versions = {{"brigade", "0.1.0"}, {"gmp", "6.2.1"}};
  manifest.workloads = {{"noop", "0..9", 10}};
  manifest.cells = {
      {.id = "serial", .workload = "noop", .runner = "brigade", .mode = "serial", .tasks = 10},
      {.id = "threads-w1-t2", .workload = "noop", .runner = "brigade", .mode = "threads", .threads = 2, .tasks = 10}};
  manifest.id = id_of(manifest);
  return manifest;
}

RunRecord run_of_cell(const std::string& cell, unsigned repeat, double seconds) {
  return {.cell = cell,
          .repeat = repeat,
          .seconds = seconds,
          .started_at = "2026-11-24T12:00:01.000Z",
          .breakdown = Breakdown{.client = 1 / 3.0, .broker = 2, .transit = 3, .worker = 4, .run = 5, .back = 6},
          .worker_names = {"one", "two"}};
}

RunDetails details_of_cell(const std::string& cell, unsigned repeat) {
  return {.cell = cell, .repeat = repeat, .latency_ms = {1, 2, 3}, .timeline = {{0, "w1", 0, 1, 2, 4}}};
}

class Folder : public ::testing::Test {
 protected:
  std::string text_of(const std::string& name) const {
    std::ostringstream text;
    text << std::ifstream(path / name).rdbuf();
    return text.str();
  }

  /// An experiment whose threads take half of the serial time.
  ResultsFolder whole() const {
    auto folder = ResultsFolder::create(path, manifest_of_two());
    EXPECT_TRUE(folder);
    for (unsigned repeat = 1; repeat <= 5; ++repeat)
      for (const char* cell : {"serial", "threads-w1-t2"}) {
        const double seconds = (std::string(cell) == "serial" ? 2 : 1) * (1 + 0.01 * repeat);
        EXPECT_TRUE(folder->append(run_of_cell(cell, repeat, seconds), details_of_cell(cell, repeat)));
      }
    return *std::move(folder);
  }

  test::TemporaryFolder home;
  fs::path root = home.path(), path = root / "results";
};

TEST_F(Folder, IsReadBackAsItWasWritten) {
  const ResultsFolder written = whole();
  const auto read = ResultsFolder::open(path);
  ASSERT_TRUE(read) << read.error().message;
  EXPECT_EQ(to_json(read->measured().manifest), to_json(manifest_of_two()));
  ASSERT_EQ(read->measured().runs.size(), 10u);
  for (std::size_t i = 0; i < 10; ++i) {
    const RunRecord& was = written.measured().runs[i];
    const RunRecord& is = read->measured().runs[i];
    EXPECT_EQ(std::tie(is.cell, is.repeat, is.seconds, is.failed, is.started_at, is.breakdown, is.worker_names),
              std::tie(was.cell, was.repeat, was.seconds, was.failed, was.started_at, was.breakdown, was.worker_names));
  }
  EXPECT_EQ(read->measured().details.size(), 10u);
  EXPECT_TRUE(read->measured().complete());
  EXPECT_EQ(summary_of(read->measured(), "now"), summary_of(written.measured(), "now"));
}

TEST_F(Folder, ForgetsALineThatACrashCutOffAndGoesOn) {
  whole();
  std::string text = text_of("results.ndjson");
  std::ofstream(path / "results.ndjson") << text.substr(0, text.size() - 20);
  auto folder = ResultsFolder::open(path);
  ASSERT_TRUE(folder);
  EXPECT_EQ(folder->measured().runs.size(), 9u);
  EXPECT_FALSE(folder->has("threads-w1-t2", 5));
  EXPECT_TRUE(folder->has("serial", 5));
  ASSERT_TRUE(folder->append(run_of_cell("threads-w1-t2", 5, 1.05), details_of_cell("threads-w1-t2", 5)));
  EXPECT_EQ(text_of("results.ndjson"), text);
  const auto again = ResultsFolder::open(path);
  ASSERT_TRUE(again);
  EXPECT_TRUE(again->measured().complete());
  EXPECT_EQ(again->measured().details.size(), 10u) << "the details of the lost run are not there twice";
}

TEST_F(Folder, OfAnotherExperimentIsRefusedWithTheNextStep) {
  whole();
  const auto folder = ResultsFolder::open(path);
  ASSERT_TRUE(folder);
  const auto refused_with = [&](const std::function<void(Manifest&)>& change, const std::string& said) {
    Manifest other = manifest_of_two();
    change(other);
    other.id = id_of(other);
    const auto same = folder->check_same(other);
    return !same && same.error().message.find("belongs to another experiment") != std::string::npos &&
           same.error().message.find(said) != std::string::npos;
  };
  EXPECT_TRUE(folder->check_same(manifest_of_two()));
  EXPECT_TRUE(refused_with([](Manifest& m) { m.repeat = 6; }, ":\n  brigade experiment noop 0..9"));
  EXPECT_TRUE(refused_with([](Manifest& m) { m.repeat = 6; }, "--resume " + path.string()));
  EXPECT_TRUE(refused_with([](Manifest& m) { m.broker = "tcp://there:1"; }, "add --private"));
  EXPECT_TRUE(refused_with([](Manifest& m) { m.input_sha256 = "0a"; }, "has changed"));
}

TEST_F(Folder, OfAnExistingBrokerIsForAnyBrokerButNotForPrivateClusters) {
  Manifest manifest = manifest_of_two();
  manifest.broker = "tcp://here:1";
  manifest.id = id_of(manifest);
  ASSERT_TRUE(ResultsFolder::create(path, manifest));
  const auto folder = ResultsFolder::open(path);
  ASSERT_TRUE(folder);
  manifest.broker = "tcp://there:2";
  manifest.id = id_of(manifest);
  EXPECT_TRUE(folder->check_same(manifest));
  const auto refused = folder->check_same(manifest_of_two());
  ASSERT_FALSE(refused);
  EXPECT_NE(refused.error().message.find("tcp://here:1; name it with --broker"), std::string::npos);
}

TEST_F(Folder, IsNotOverwritten) {
  whole();
  const auto refused = ResultsFolder::create(path, manifest_of_two());
  ASSERT_FALSE(refused);
  EXPECT_NE(refused.error().message.find("holds an experiment already"), std::string::npos);
  EXPECT_NE(ResultsFolder::create(root, manifest_of_two()).error().message.find("not an empty folder"),
            std::string::npos);
  EXPECT_NE(ResultsFolder::open(root).error().message.find("holds no experiment"), std::string::npos);
}

TEST_F(Folder, SaysWhichFileIsDamaged) {
  whole();
  std::ofstream(path / "results.ndjson", std::ios::app) << "{\"cell\":7}\n";
  EXPECT_NE(ResultsFolder::open(path).error().message.find("results.ndjson is damaged"), std::string::npos);
  std::ofstream(path / "experiment.json") << "{}";
  EXPECT_NE(ResultsFolder::open(path).error().message.find("experiment.json is damaged"), std::string::npos);
}

TEST_F(Folder, BecomesCommaSeparatedValuesWithThePromisedColumnsFirst) {
  const std::string csv = results_csv(whole().measured());
  EXPECT_TRUE(csv.starts_with("mode,workers,threads,io_concurrency,tasks,repeat,seconds,"));
  EXPECT_NE(csv.find("\r\nserial,1,1,0,10,1,2.02,brigade,noop,,serial,"), std::string::npos) << csv;
  EXPECT_EQ(std::count(csv.begin(), csv.end(), '\n'), 11);
}

TEST_F(Folder, BecomesASummaryWithSpeedUpsAndWords) {
  const Json summary = summary_of(whole().measured(), "2026-11-24T12:01:00.000Z");
  EXPECT_EQ(summary["schema"], "brigade-experiment/1");
  EXPECT_EQ(summary["complete"], true);
  const Json& threads = summary["cells"][1];
  EXPECT_DOUBLE_EQ(threads["median_s"].get<double>(), 1.03);
  EXPECT_DOUBLE_EQ(threads["speedup"]["value"].get<double>(), 2);
  EXPECT_DOUBLE_EQ(threads["efficiency"].get<double>(), 1);
  EXPECT_EQ(threads["breakdown_ms"]["return"], 6);
  EXPECT_EQ(threads["timeline"]["lanes"][0]["events"], Json::parse("[[1.0, 2.0, 0]]"));
  ASSERT_EQ(summary["comparisons"].size(), 1u);
  EXPECT_EQ(summary["comparisons"][0]["better"], "threads-w1-t2");
  EXPECT_EQ(summary["comparisons"][0]["meaningful"], true);
  EXPECT_NE(summary["recommendation"].get<std::string>().find("For noop take threads"), std::string::npos);
}

TEST_F(Folder, WarnsWhereNoiseMakesADifferenceMeaningless) {
  auto folder = ResultsFolder::create(path, manifest_of_two());
  ASSERT_TRUE(folder);
  for (unsigned repeat = 1; repeat <= 5; ++repeat)
    for (const char* cell : {"serial", "threads-w1-t2"})
      ASSERT_TRUE(folder->append(run_of_cell(cell, repeat, 0.5 * repeat), {}));
  const auto comparisons = comparisons_of(folder->measured());
  ASSERT_EQ(comparisons.size(), 1u);
  EXPECT_FALSE(comparisons[0].meaningful());
  EXPECT_NE(comparisons[0].text().find("no meaningful difference"), std::string::npos);
  std::string warnings;
  for (const std::string& each : warnings_of(folder->measured())) warnings += each + "\n";
  EXPECT_NE(warnings.find("serial"), std::string::npos) << warnings;
}

TEST_F(Folder, BecomesAPageThatNoTextOfItsDataCanLeave) {
  Json summary = summary_of(whole().measured(), "now");
  summary["title"] = "</script><script>alert(1)</script>";
  const std::string page = report_page({summary});
  const std::string opened = R"(id="brigade-data">)";
  const std::size_t begin = page.find(opened) + opened.size();
  const std::string data = page.substr(begin, page.find("</script>", begin) - begin);
  EXPECT_EQ(Json::parse(data), (Json{{"runs", {summary}}}));
}

TEST_F(Folder, BecomesATraceInChromesFormat) {
  const Json trace = trace_json(whole().measured());
  std::size_t runs = 0;
  for (const Json& event : trace["traceEvents"]) {
    EXPECT_TRUE(event.contains("ph") && event.contains("pid") && event.contains("name"));
    if (event["ph"] != "X") continue;
    ++runs;
    EXPECT_EQ(event["ts"], 1000.0);
    EXPECT_EQ(event["dur"], 2000.0);
  }
  EXPECT_EQ(runs, 2u);
}

TEST(Timeline, PutsTasksThatOverlapIntoDifferentLanes) {
  const Json lanes = timeline_json({{0, "w1", 0, 0, 10, 20}, {1, "w1", 0, 5, 10, 20}, {2, "w1", 0, 12, 5, 20}});
  ASSERT_EQ(lanes["lanes"].size(), 2u);
  EXPECT_EQ(lanes["lanes"][0]["events"].size(), 2u);
  EXPECT_EQ(lanes["lanes"][1]["events"][0][2], 1);
}

}  // namespace
}  // namespace brigade::experiment
