#include <gtest/gtest.h>

#include <sstream>

#include "client/output/result_table.h"
#include "client/output/terminal.h"
#include "client/output/text_table.h"

namespace brigade::output {
namespace {

std::size_t widest_line(const std::string& text) {
  std::istringstream lines(text);
  std::size_t widest = 0;
  for (std::string line; std::getline(lines, line);) widest = std::max(widest, display_width(line));
  return widest;
}

TEST(DisplayWidth, CountsColumnsNotBytes) {
  EXPECT_EQ(display_width("grün"), 4u);
  EXPECT_EQ(display_width("漢字"), 4u);
  EXPECT_EQ(display_width("e\xCC\x81"), 1u);
}

TEST(Fit, CutsWithAnEllipsis) {
  EXPECT_EQ(fit("abcdef", 6), "abcdef");
  EXPECT_EQ(fit("abcdefg", 6), "abcde…");
  EXPECT_EQ(fit(std::string(1 << 20, '9'), 4), "999…");
  EXPECT_EQ(fit("ääääääääääää", 3), "ää…");
}

TEST(Fit, KeepsDataFromMovingTheCursor) {
  EXPECT_EQ(fit("a\x1b[2Jb\nc\td", 80), "a?[2Jb c d");
  EXPECT_EQ(fit("a\xffz", 80), "a?z");
}

TEST(TextTable, LinesUpItsColumns) {
  EXPECT_EQ(TextTable::text({{.title = "A"}, {.title = "N", .right = true}}, {{"x", "1"}, {"yy", "100"}}, 0),
            "A     N\nx     1\nyy  100\n");
}

TEST(TextTable, DropsTheLeastImportantColumnFirst) {
  const std::vector<TableColumn> columns{
      {.title = "NAME", .importance = 3}, {.title = "EXTRA", .importance = 1}, {.title = "STATE", .importance = 2}};
  EXPECT_EQ(TextTable::text(columns, {{"a", "b", "c"}}, 12), "NAME  STATE\na     c\n");
}

TEST(TextTable, CutsElasticColumnsToTheWidth) {
  const std::vector<TableColumn> columns{{.title = "URL", .elastic = true, .importance = 1},
                                         {.title = "OK", .importance = 2}};
  const std::string text = TextTable::text(columns, {{"http://example.org/a/long/path", "yes"}}, 20);
  EXPECT_EQ(text, "URL              OK\nhttp://example…  yes\n");
}

TEST(Shortened, ShowsBothEndsAndTheSize) {
  const std::string digits = "282422940796" + std::string(456559, '7') + "000";
  EXPECT_EQ(shortened(digits), "282422940796…000 (456574 digits)");
  EXPECT_EQ(shortened("120"), "120");
}

TEST(ResultTable, FitsFortyColumns) {
  const JobView view{.id = "0",
                     .kind = "factorial",
                     .shape = Shape::factorial,
                     .range = Arithmetic{.start = 100000, .step = 1, .count = 3}};
  Results results;
  ValuesBuilder values;
  for (int i = 0; i < 3; ++i) values.add(wire::encode_factorial_answer(400000, std::string(400000, '8')));
  results.outcomes.runs = {{0, 3}};
  results.outcomes.values = values.take();
  results.origins = {{.worker = "a-worker-with-a-long-name", .attempts = 1, .queued_ms = 1, .leased_at = UtcMs{1}}};
  for (const std::size_t width : {40u, 60u, 80u, 200u}) {
    ResultTable table(view, 3, width);
    RowReader reader(view, results);
    std::string out;
    while (const Row* row = reader.next()) table.add(out, *row);
    table.flush(out);
    EXPECT_LE(widest_line(out), width) << out;
    EXPECT_NE(out.find("100002"), std::string::npos) << out;
    EXPECT_NE(out.find("888"), std::string::npos) << out;
  }
}

TEST(ResultTable, KeepsItsWidthsWhenLaterRowsAreLonger) {
  const JobView view{
      .id = "0", .kind = "noop", .shape = Shape::noop, .range = Arithmetic{.start = 0, .step = 1, .count = 1'000'000}};
  ResultTable table(view, 1'000'000, 60);
  std::string out;
  for (const std::uint64_t task : {0ul, 999'999ul}) {
    Row row;
    row.task = row.index = row.number = task;
    const std::string value = wire::encode_number(task);
    row.value = value;
    table.add(out, row);
    table.flush(out);
  }
  EXPECT_LE(widest_line(out), 60u) << out;
  EXPECT_NE(out.find("999999  999999"), std::string::npos) << out;
}

}  // namespace
}  // namespace brigade::output
