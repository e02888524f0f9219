#include <fcntl.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>

#include "client/output/body_folder.h"
#include "client/output/csv.h"
#include "client/output/sink.h"
#include "client/output/summary.h"
#include "client/output/writer.h"
#include "proto/output/ndjson.h"
#include "tests/support/temporary_folder.h"

namespace brigade::output {
namespace {

std::string as_json(std::string_view text) {
  std::string out;
  append_json_string(out, text);
  return out;
}

std::string ms(double value, int decimals) {
  std::string out;
  append_ms(out, value, decimals);
  return out;
}

TEST(ArgumentsJson, AreNullWhereTheyAreNotKnown) {
  Row row;
  row.has_argument = false;
  std::string text;
  append_arguments_json(text, JobView{.shape = Shape::factorial}, row);
  EXPECT_EQ(text, "null");
}

TEST(JsonText, EscapesWhatJsonForbids) {
  EXPECT_EQ(as_json("a\"b\\c\n\x01"), "\"a\\\"b\\\\c\\n\\u0001\"");
  EXPECT_EQ(as_json("grün €😀"), "\"grün €😀\"");
}

TEST(JsonText, ReplacesWhatIsNotUtf8) {
  EXPECT_EQ(as_json("a\xff"
                    "b"),
            "\"a\xEF\xBF\xBD"
            "b\"");
  EXPECT_EQ(as_json("\xC0\xAF"), "\"\xEF\xBF\xBD\xEF\xBF\xBD\"");  // overlong
  EXPECT_EQ(as_json("\xED\xA0\x80").size(), 2 + 3 * 3u);           // a surrogate
  EXPECT_EQ(as_json("\xE2\x82"), "\"\xEF\xBF\xBD\xEF\xBF\xBD\"");  // cut off
}

TEST(JsonText, IsReadBackByAParser) {
  std::string every;
  for (int i = 0; i < 128; ++i) every += static_cast<char>(i);
  EXPECT_EQ(nlohmann::json::parse(as_json(every)).get<std::string>(), every);
}

TEST(JsonText, WritesMillisecondsWithoutTrailingZeros) {
  EXPECT_EQ(ms(0, 3), "0");
  EXPECT_EQ(ms(6.9, 3), "6.9");
  EXPECT_EQ(ms(0.0204, 3), "0.02");
  EXPECT_EQ(ms(0.000021, 6), "0.000021");
  EXPECT_EQ(ms(0.9999, 3), "1");
  EXPECT_EQ(ms(-1, 3), "0");
  EXPECT_EQ(ms(1e300, 3), "0");
}

TEST(JsonText, WritesBase64) {
  std::string out;
  append_base64(out, "foob");
  append_base64(out, "fo");
  append_base64(out, "foo");
  EXPECT_EQ(out, "Zm9vYg==Zm8=Zm9v");
}

TEST(JsonText, RemembersTheSecond) {
  UtcText utc;
  std::string out;
  utc.append(out, UtcMs{1'700'000'000'007});
  utc.append(out, UtcMs{1'700'000'000'999});
  utc.append(out, UtcMs{1'700'000'001'000});
  EXPECT_EQ(out, "2023-11-14T22:13:20.007Z2023-11-14T22:13:20.999Z2023-11-14T22:13:21.000Z");
}

JobView noop_view() {
  return {.id = "0123", .kind = "noop", .shape = Shape::noop, .range = Arithmetic{.start = 10, .step = 2, .count = 5}};
}

/// One row per value; all ok, from worker w1.
Results page(std::vector<std::string> values, Runs runs) {
  Results results;
  ValuesBuilder builder;
  for (const std::string& value : values) builder.add(value);
  results.outcomes.runs = std::move(runs);
  results.outcomes.status = Column<TaskStatus>(TaskStatus::ok);
  results.outcomes.start_ms = Column<float>(0.5f);
  results.outcomes.run_ms = Column<float>(2.0f);
  results.outcomes.values = builder.take();
  results.origins = {{.worker = "w1", .attempts = 1, .queued_ms = 1.0f, .leased_at = UtcMs{1'700'000'000'000}}};
  return results;
}

std::string lines(const JobView& view, const Results& results) {
  ResultJson json(view);
  RowReader reader(view, results);
  std::string out;
  while (const Row* row = reader.next()) {
    json.append(out, *row);
    out += '\n';
  }
  return out;
}

TEST(Ndjson, HasTheDocumentedFields) {
  const JobView view = noop_view();
  EXPECT_EQ(lines(view, page({wire::encode_number(16)}, {{3, 1}})),
            "{\"job\":\"0123\",\"index\":3,\"kind\":\"noop\",\"status\":\"ok\",\"attempts\":1,\"worker\":\"w1\","
            "\"queued_ms\":1.5,\"run_ms\":2,\"finished_at\":\"2023-11-14T22:13:20.002Z\",\"args\":{\"n\":16},"
            "\"result\":{\"n\":16}}\n");
}

TEST(Ndjson, CountsRowsThroughSeveralRuns) {
  const JobView view = noop_view();
  const auto text = lines(view, page({wire::encode_number(18), wire::encode_number(10)}, {{4, 1}, {0, 1}}));
  EXPECT_NE(text.find("\"index\":4"), std::string::npos);
  EXPECT_NE(text.find("\"index\":0"), std::string::npos);
  EXPECT_NE(text.find("\"args\":{\"n\":10}"), std::string::npos);
}

TEST(Ndjson, NamesTheReasonOfAFailure) {
  const JobView view = noop_view();
  Results results = page({"no \"answer\""}, {{0, 1}});
  results.outcomes.status = Column<TaskStatus>(TaskStatus::timeout);
  const auto json = nlohmann::json::parse(lines(view, results));
  EXPECT_EQ(json["status"], "failed");
  EXPECT_EQ(json["error"]["code"], "timeout");
  EXPECT_EQ(json["error"]["message"], "no \"answer\"");
  EXPECT_FALSE(json.contains("result"));
}

TEST(Ndjson, LeavesOutTheEndOfATaskThatNeverRan) {
  const JobView view = noop_view();
  Results results = page({""}, {{0, 1}});
  results.outcomes.status = Column<TaskStatus>(TaskStatus::deadline);
  results.origins = {{}};
  const auto json = nlohmann::json::parse(lines(view, results));
  EXPECT_EQ(json["status"], "cancelled");
  EXPECT_EQ(json["error"]["code"], "deadline");
  EXPECT_EQ(json["error"]["message"], "the job's deadline was over");
  EXPECT_FALSE(json.contains("finished_at"));
}

TEST(Ndjson, ShowsLineTagAndOriginalIndex) {
  JobView view = noop_view();
  view.range.reset();
  Results results = page({wire::encode_number(7)}, {{0, 1}});
  ValuesBuilder arguments, labels;
  arguments.add(wire::encode_number(7));
  labels.add(wire::encode(wire::Label{.line = 3, .tag = "a\tb", .index = 42}));
  results.arguments = arguments.take();
  results.labels = labels.take();
  const auto json = nlohmann::json::parse(lines(view, results));
  EXPECT_EQ(json["index"], 42);
  EXPECT_EQ(json["line"], 3);
  EXPECT_EQ(json["tag"], "a\tb");
  EXPECT_EQ(json["args"]["n"], 7);
}

TEST(Ndjson, WritesEachFormOfAFactorial) {
  JobView view{.id = "0",
               .kind = "factorial",
               .shape = Shape::factorial,
               .range = Arithmetic{.start = 5, .step = 1, .count = 1}};
  const auto result = [&](wire::FactorialForm form, const std::string& value) {
    view.form = form;
    return nlohmann::json::parse(lines(view, page({wire::encode_factorial_answer(3, value)}, {{0, 1}})))["result"];
  };
  EXPECT_EQ(result(wire::FactorialForm::decimal, "120")["decimal"], "120");
  EXPECT_EQ(result(wire::FactorialForm::hex, "78")["hex"], "78");
  EXPECT_EQ(result(wire::FactorialForm::binary, "x")["binary"], "eA==");
  EXPECT_EQ(result(wire::FactorialForm::digest, "ab")["digest"], "ab");
  EXPECT_EQ(result(wire::FactorialForm::digits, ""), nlohmann::json({{"digits", 3}}));
}

wire::FetchAnswer answer() {
  wire::FetchAnswer fetched;
  fetched.http_status = 200;
  fetched.bytes = 2;
  fetched.content_type = "text/html";
  fetched.url = "http://a/";
  fetched.sha256 = std::string(32, '\x0f');
  return fetched;
}

TEST(Ndjson, WritesABodyAsTextOrBase64) {
  const JobView view{.id = "0", .kind = "fetch", .shape = Shape::fetch, .range = {}};
  wire::FetchAnswer fetched = answer();
  fetched.body = "hi";
  auto json = nlohmann::json::parse(lines(view, page({wire::encode(fetched)}, {{0, 1}})))["result"];
  EXPECT_EQ(json["http_status"], 200);
  EXPECT_EQ(json["body"], "hi");
  EXPECT_EQ(json["sha256"].get<std::string>().substr(0, 4), "0f0f");
  EXPECT_FALSE(json.contains("cached"));
  fetched.body = "\xff\xfe";
  fetched.cached = true;
  json = nlohmann::json::parse(lines(view, page({wire::encode(fetched)}, {{0, 1}})))["result"];
  EXPECT_FALSE(json.contains("body"));
  EXPECT_EQ(json["body_base64"], "//4=");
  EXPECT_EQ(json["cached"], true);
}

TEST(Csv, QuotesAsRfc4180Says) {
  std::string out;
  append_csv_cell(out, "plain");
  append_csv_cell(out, "a,\"b\"\n");
  EXPECT_EQ(out, "plain\"a,\"\"b\"\"\n\"");
}

TEST(Csv, HasAsManyCellsAsColumnsForEveryOutcome) {
  for (const char* kind : {"factorial", "fetch", "noop", "sleep", "spin", "echo", "unknown"}) {
    const JobView view{.id = "0", .kind = kind, .shape = shape_of(kind), .range = {}};
    ResultCsv csv(view);
    std::string header;
    csv.append_header(header);
    const auto commas = std::count(header.begin(), header.end(), ',');
    const std::string good = view.shape == Shape::factorial ? wire::encode_factorial_answer(1, "1")
                             : view.shape == Shape::fetch   ? wire::encode(answer())
                             : view.shape == Shape::noop    ? wire::encode_number(1)
                                                            : "x";
    for (const TaskStatus status : {TaskStatus::ok, TaskStatus::timeout}) {
      Results results = page({good}, {{0, 1}});
      results.outcomes.status = Column<TaskStatus>(status);
      RowReader reader(view, results);
      std::string line;
      csv.append(line, *reader.next());
      EXPECT_EQ(std::count(line.begin(), line.end(), ','), commas) << kind << "\n" << header << line;
    }
  }
}

/// A folder that is gone with the test.
class Folder : public ::testing::Test {
 protected:
  static std::string read(const std::filesystem::path& file) {
    std::ifstream stream(file, std::ios::binary);
    return {std::istreambuf_iterator<char>(stream), {}};
  }
  test::TemporaryFolder home;
  std::filesystem::path path = home.path();
};

TEST_F(Folder, OutputAppearsWhole) {
  auto sink = Sink::file(path / "out", -1);
  ASSERT_TRUE(sink);
  ASSERT_TRUE(sink->write("hello\n"));
  EXPECT_FALSE(std::filesystem::exists(path / "out"));
  ASSERT_TRUE(sink->commit());
  EXPECT_EQ(read(path / "out"), "hello\n");
  EXPECT_FALSE(std::filesystem::exists(path / "out.part"));
}

TEST_F(Folder, OutputNeverGoesThroughASymbolicLink) {
  std::ofstream(path / "target") << "precious";
  std::filesystem::create_symlink(path / "target", path / "out");
  EXPECT_FALSE(Sink::file(path / "out", -1));
  std::filesystem::create_symlink(path / "target", path / "other.part");
  EXPECT_FALSE(Sink::file(path / "other", -1));
  EXPECT_EQ(read(path / "target"), "precious");
}

TEST_F(Folder, OutputIsRefusedWhereItCannotBe) {
  EXPECT_FALSE(Sink::file(path / "missing" / "out", -1));
  EXPECT_FALSE(Sink::file(path, -1));
  auto first = Sink::file(path / "out", -1);
  ASSERT_TRUE(first);
  EXPECT_FALSE(Sink::file(path / "out", -1));  // another one writes it
}

TEST_F(Folder, BodiesAreNamedByTheirTask) {
  auto folder = BodyFolder::open(path / "bodies");
  ASSERT_TRUE(folder);
  auto saved = folder->save(7, "body");
  ASSERT_TRUE(saved);
  EXPECT_EQ(*saved, (path / "bodies" / "7").string());
  EXPECT_EQ(read(path / "bodies" / "7"), "body");
}

TEST_F(Folder, ABodyReplacesALinkInsteadOfFollowingIt) {
  std::ofstream(path / "target") << "precious";
  std::filesystem::create_symlink(path / "target", path / "7");
  auto folder = BodyFolder::open(path);
  ASSERT_TRUE(folder && folder->save(7, "body"));
  EXPECT_EQ(read(path / "target"), "precious");
}

std::string written(const std::filesystem::path& path, WriterOptions options, const std::vector<Results>& pages) {
  const JobView view = noop_view();
  auto sink = Sink::file(path, -1);
  ResultWriter writer(view, *sink, std::move(options));
  for (const Results& results : pages) EXPECT_TRUE(writer.add(results));
  EXPECT_TRUE(writer.finish("{\"id\":\"0123\"}"));
  EXPECT_TRUE(sink->commit());
  std::ifstream stream(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(stream), {}};
}

TEST_F(Folder, JsonIsOneDocument) {
  const auto text = written(path / "a", {.format = Format::json, .save_body = {}},
                            {page({wire::encode_number(10)}, {{0, 1}}), page({wire::encode_number(12)}, {{1, 1}})});
  const auto json = nlohmann::json::parse(text);
  EXPECT_EQ(json["results"].size(), 2u);
  EXPECT_EQ(json["job"]["id"], "0123");
  EXPECT_TRUE(
      nlohmann::json::parse(written(path / "b", {.format = Format::json, .save_body = {}}, {}))["results"].empty());
}

/// `whole`, whose only value comes in parts of `bytes`.
std::vector<Results> in_parts(const Results& whole, std::size_t bytes) {
  std::vector<Results> parts;
  const std::string value(whole.outcomes.values.blob.view());
  for (std::size_t at = 0; at < value.size(); at += bytes) {
    Results part = whole;
    const std::string piece = value.substr(at, bytes);
    part.outcomes.values = {Column(static_cast<std::uint32_t>(piece.size())), Bytes::of(piece)};
    part.whole_bytes = value.size();
    part.offset = at;
    parts.push_back(std::move(part));
  }
  return parts;
}

std::string shown(const std::filesystem::path& path, const JobView& view, Format format,
                  const std::vector<Results>& pages) {
  auto sink = Sink::file(path, -1);
  ResultWriter writer(view, *sink, {.format = format, .tasks = 3, .save_body = {}});
  for (const Results& results : pages) EXPECT_TRUE(writer.add(results));
  EXPECT_TRUE(writer.finish("{}"));
  EXPECT_EQ(writer.rows(), format == Format::quiet ? 0U : 3U);
  std::ifstream stream(path.string() + ".part", std::ios::binary);
  return {std::istreambuf_iterator<char>(stream), {}};
}

TEST_F(Folder, AValueInPartsIsWrittenAsIfItWereWhole) {
  using wire::FactorialForm;
  JobView view{.id = "0123", .kind = "factorial", .shape = Shape::factorial, .range = Arithmetic{9, 1, 3}};
  const std::string small = wire::encode_factorial_answer(6, "362880");
  const std::string large = wire::encode_factorial_answer(70'000, std::string(70'001, '3'));
  const Results first = page({small}, {{0, 1}}), last = page({small}, {{2, 1}}), long_one = page({large}, {{1, 1}});
  for (const FactorialForm form : {FactorialForm::decimal, FactorialForm::hex, FactorialForm::binary})
    for (const Format format : {Format::ndjson, Format::json, Format::csv, Format::table, Format::quiet})
      for (const std::size_t bytes : {std::size_t{40}, std::size_t{41}, std::size_t{42}, large.size() - 1}) {
        view.form = form;
        std::vector<Results> pages = in_parts(long_one, bytes);
        pages.insert(pages.begin(), first);
        pages.push_back(last);
        EXPECT_EQ(shown(path / "parts", view, format, pages),
                  shown(path / "whole", view, format, {first, long_one, last}));
      }
}

TEST_F(Folder, AnAnswerOfAnotherFormInPartsIsPutTogetherFirst) {
  const JobView view{.id = "0123", .kind = "echo", .shape = Shape::echo};
  const Results one = page({"a"}, {{0, 1}}), long_one = page({std::string(100, 'b')}, {{1, 1}}),
                two = page({"c"}, {{2, 1}});
  std::vector<Results> pages = in_parts(long_one, 7);
  pages.insert(pages.begin(), one);
  pages.push_back(two);
  EXPECT_EQ(shown(path / "parts", view, Format::ndjson, pages),
            shown(path / "whole", view, Format::ndjson, {one, long_one, two}));
}

TEST_F(Folder, QuietWritesNothing) {
  EXPECT_EQ(
      written(path / "a", {.format = Format::quiet, .save_body = {}}, {page({wire::encode_number(10)}, {{0, 1}})}), "");
}

TEST_F(Folder, CancelledRowsCanBeLeftOut) {
  Results results = page({wire::encode_number(10), "cut"}, {{0, 2}});
  results.outcomes.status = Column<TaskStatus>::of({TaskStatus::ok, TaskStatus::cancelled});
  const auto text = written(path / "a", {.format = Format::ndjson, .save_body = {}, .skip_cancelled = true}, {results});
  EXPECT_EQ(std::count(text.begin(), text.end(), '\n'), 1);
}

TEST(Sink, KeepsTheRestOfAnInterruptedWrite) {
  signal(SIGPIPE, SIG_IGN);  // as in the program: the closed end shows in write()
  int pipe_fds[2], stop[2];
  ASSERT_EQ(pipe2(pipe_fds, O_CLOEXEC), 0);
  ASSERT_EQ(pipe2(stop, O_CLOEXEC), 0);
  const int saved = dup(STDOUT_FILENO);
  dup2(pipe_fds[1], STDOUT_FILENO);
  ASSERT_EQ(write(stop[1], "x", 1), 1);  // the interrupt is there already
  auto sink = Sink::standard_output(stop[0]);
  const std::string much(1 << 20, 'x');
  EXPECT_TRUE(sink.write(much));
  EXPECT_TRUE(sink.has_rest());
  close(pipe_fds[0]);
  EXPECT_FALSE(sink.write("more"));
  EXPECT_TRUE(sink.closed());
  dup2(saved, STDOUT_FILENO);
  close(saved);
  close(pipe_fds[1]);
  close(stop[0]);
  close(stop[1]);
}

TEST(Summary, HasTheDocumentedFields) {
  JobSummary job;
  job.id = JobId{1, 2};
  job.name = "n";
  job.kind = "noop";
  job.state = JobState::done;
  job.tasks = 4;
  job.ok = 2;
  job.failed = 2;
  job.by_status[static_cast<std::size_t>(TaskStatus::dns)] = 2;
  job.elapsed = std::chrono::seconds(2);
  const auto json = nlohmann::json::parse(summary_json(job));
  for (const char* field : {"id", "name", "kind", "state", "tasks", "ok", "failed", "cancelled", "retry_of",
                            "submitted_at", "started_at", "finished_at", "elapsed_ms", "tasks_per_s"}) {
    EXPECT_TRUE(json.contains(field)) << field;
  }
  EXPECT_EQ(json["elapsed_ms"], 2000);
  EXPECT_EQ(json["tasks_per_s"], 2);
  EXPECT_EQ(json["state"], "done");
  EXPECT_TRUE(json["retry_of"].is_null());
  EXPECT_NE(summary_text(job, job.elapsed).find("4 tasks: 2 ok, 2 failed (dns 2)"), std::string::npos);
}

}  // namespace
}  // namespace brigade::output
