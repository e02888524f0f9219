#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdlib>
#include <fstream>

#include "client/cli/list_input.h"
#include "client/cli/resume.h"
#include "client/cli/spool.h"
#include "client/cli/task_source.h"

namespace brigade::cli {
namespace {

std::vector<std::uint64_t> numbers(const TaskSource& source) {
  std::vector<std::uint64_t> all;
  for (;;) {
    auto task = source();
    if (!task || !*task) return all;
    all.push_back((*task)->number);
  }
}

TEST(Ranges, IncludeBothEnds) {
  EXPECT_EQ(*parse_range("3..5"), (Arithmetic{.start = 3, .step = 1, .count = 3}));
  EXPECT_EQ(*parse_range("0..0"), (Arithmetic{.start = 0, .step = 1, .count = 1}));
  EXPECT_EQ(*parse_range("7"), (Arithmetic{.start = 7, .step = 1, .count = 1}));
}

TEST(Ranges, HaveSteps) {
  EXPECT_EQ(*parse_range("0..10:5"), (Arithmetic{.start = 0, .step = 5, .count = 3}));
  EXPECT_EQ(*parse_range("0..9:5"), (Arithmetic{.start = 0, .step = 5, .count = 2}));
  EXPECT_EQ(*parse_range("3..1:-1"), (Arithmetic{.start = 3, .step = -1, .count = 3}));
}

TEST(Ranges, RefuseWhatIsNone) {
  for (const char* text : {"", "1e9", "-1", "abc", "5..1", "1..", "..5", "1..5:0", "1..5:-1", "1..5:x", "1...5", " 1",
                           "0..18446744073709551615", "18446744073709551616"}) {
    EXPECT_FALSE(parse_range(text)) << text;
  }
}

TEST(Ranges, SayWhatToWriteInstead) {
  const auto range = parse_range("1e9");
  ASSERT_FALSE(range);
  EXPECT_NE(range.error().message.find("1000000000"), std::string::npos) << range.error().message;
}

TEST(Urls, AreCheckedInTheClient) {
  for (const char* good :
       {"http://a", "https://a.b/c?d#e", "http://[::1]:80/", "HTTP://A/", "http://u:p@h/", "http://ä.de/ö"}) {
    EXPECT_TRUE(check_url(good)) << good;
  }
  for (const char* bad : {"", "a", "ftp://a/", "file:///etc/passwd", "http://", "http:///x", "http://a b", "http://@/",
                          "http://:80/", "http://a\n", "\xff://a", "http://\xff", "gopher://x"}) {
    EXPECT_FALSE(check_url(bad)) << bad;
  }
  EXPECT_FALSE(check_url(std::string_view("http://a\0b", 10)));
}

TEST(Sources, RepeatTasksInTurn) {
  TaskInput a, b;
  a.number = 1;
  b.number = 2;
  EXPECT_EQ(numbers(repeated({a, b}, 2)), (std::vector<std::uint64_t>{1, 2, 1, 2}));
}

TEST(Sources, WalkThroughRangesOneAfterAnother) {
  EXPECT_EQ(numbers(numbers_of({{.start = 5, .step = 1, .count = 2}, {.start = 9, .step = -2, .count = 2}})),
            (std::vector<std::uint64_t>{5, 6, 9, 7}));
}

TEST(Sources, RefuseToBeEmpty) {
  EXPECT_FALSE(not_empty(numbers_of({}), "nothing")());
  const TaskSource one = not_empty(numbers_of({{.start = 1, .step = 1, .count = 1}}), "nothing");
  EXPECT_TRUE(one());
  EXPECT_TRUE(one());
}

TEST(Sources, ArePackedIntoChunksWithinTheWiresBounds) {
  const auto chunks = chunks_of(numbers_of({{.start = 0, .step = 1, .count = 100'000}}));
  auto first = chunks();
  ASSERT_TRUE(first && *first);
  EXPECT_EQ((*first)->count, 65'536u);
  EXPECT_EQ((*first)->arguments.blob.size(), 8 * 65'536u);
  EXPECT_TRUE((*first)->labels.blob.empty());
  auto second = chunks();
  ASSERT_TRUE(second && *second);
  EXPECT_EQ((*second)->count, 100'000u - 65'536u);
  auto end = chunks();
  EXPECT_TRUE(end && !*end);
}

/// A file that is gone with the test.
class ListFile : public ::testing::Test {
 protected:
  ListFile() {
    char name[] = "/tmp/brigade-list-XXXXXX";
    close(mkstemp(name));
    path = name;
  }
  ~ListFile() override { unlink(path.c_str()); }
  void write(std::string_view text) const { std::ofstream(path, std::ios::binary) << text; }
  std::string error(Shape shape = Shape::factorial) const {
    auto list = open_list(path, "factorial", shape, -1);
    return list ? "" : list.error().message;
  }
  std::string path;
};

TEST_F(ListFile, SkipsBlankLinesAndComments) {
  write("# numbers\n\n3\n   \n 4 \r\n5");
  auto list = open_list(path, "factorial", Shape::factorial, -1);
  ASSERT_TRUE(list);
  EXPECT_EQ(list->tasks, 3u);
  EXPECT_EQ(list->largest, (Largest{.number = 5, .line = 6}));
  EXPECT_EQ(numbers(list->source), (std::vector<std::uint64_t>{3, 4, 5}));
}

TEST_F(ListFile, KeepsLineNumbersAndTags) {
  write("# a\n7\tseven\televen\n");
  auto list = open_list(path, "factorial", Shape::factorial, -1);
  ASSERT_TRUE(list);
  auto task = list->source();
  ASSERT_TRUE(task && *task);
  EXPECT_EQ((*task)->label.line, 2u);
  EXPECT_EQ((*task)->label.tag, "seven\televen");
}

TEST_F(ListFile, NamesTheBadLine) {
  write("1\n2\nthree\n");
  EXPECT_NE(error().find(path + ", line 3:"), std::string::npos) << error();
}

TEST_F(ListFile, RefusesAnEmptyList) {
  write("# nothing\n");
  EXPECT_NE(error().find("names no task"), std::string::npos) << error();
}

TEST_F(ListFile, RefusesALineThatIsTooLong) {
  write("http://a/\nhttp://b/" + std::string(70'000, 'x') + "\n");
  EXPECT_NE(error(Shape::fetch).find("line 2: it is longer than 64 KiB"), std::string::npos) << error(Shape::fetch);
}

TEST_F(ListFile, RefusesBytesThatAreNoText) {
  write(std::string_view("http://a/\0b\n", 12));
  EXPECT_NE(error(Shape::fetch).find("NUL"), std::string::npos) << error(Shape::fetch);
  write("http://a/\xff\n");
  EXPECT_NE(error(Shape::fetch).find("UTF-8"), std::string::npos) << error(Shape::fetch);
}

TEST_F(ListFile, ReadsLinesAcrossItsBuffersEdges) {
  std::string text;
  for (int i = 0; i < 200'000; ++i) text += std::to_string(i) + "\n";
  write(text);
  auto list = open_list(path, "factorial", Shape::factorial, -1);
  ASSERT_TRUE(list);
  const auto all = numbers(list->source);
  ASSERT_EQ(all.size(), 200'000u);
  EXPECT_EQ(all.back(), 199'999u);
}

TEST_F(ListFile, SaysThatAFileIsMissing) {
  auto list = open_list("/nowhere/at/all", "fetch", Shape::fetch, -1);
  ASSERT_FALSE(list);
  EXPECT_NE(list.error().message.find("/nowhere/at/all"), std::string::npos);
}

TEST_F(ListFile, ResumingLeavesOutWhatIsOk) {
  write(
      "{\"index\":0,\"kind\":\"noop\",\"status\":\"ok\",\"args\":{\"n\":5}}\n"
      "{\"index\":1,\"kind\":\"noop\",\"status\":\"failed\",\"args\":{\"n\":6}}\n"
      "{\"index\":2,\"kind\":\"noop\",\"status\":\"ok\",\"args\":{\"n\":7}}\n"
      "{\"index\":3,\"kind\":\"noop\",\"sta");
  auto earlier = EarlierResults::open(path, "noop");
  ASSERT_TRUE(earlier) << earlier.error().message;
  EXPECT_EQ(earlier->count(), 2u);
  EXPECT_EQ(numbers(earlier->missing(numbers_of({{.start = 5, .step = 1, .count = 5}}))),
            (std::vector<std::uint64_t>{6, 8, 9}));
  std::string text;
  ASSERT_TRUE(earlier->append_until(1, text));
  EXPECT_EQ(text, "{\"index\":0,\"kind\":\"noop\",\"status\":\"ok\",\"args\":{\"n\":5}}\n");
}

TEST_F(ListFile, ResumingLabelsTasksWithTheirOwnIndex) {
  write("{\"index\":0,\"kind\":\"noop\",\"status\":\"ok\",\"args\":{\"n\":5}}\n");
  auto earlier = EarlierResults::open(path, "noop");
  ASSERT_TRUE(earlier);
  auto task = earlier->missing(numbers_of({{.start = 5, .step = 1, .count = 2}}))();
  ASSERT_TRUE(task && *task);
  EXPECT_EQ((*task)->label.index, 1u);
}

TEST_F(ListFile, ResumingRefusesAFileOfAnotherInput) {
  write("{\"index\":0,\"kind\":\"noop\",\"status\":\"ok\",\"args\":{\"n\":9}}\n");
  auto earlier = EarlierResults::open(path, "noop");
  ASSERT_TRUE(earlier);
  EXPECT_FALSE(earlier->missing(numbers_of({{.start = 5, .step = 1, .count = 2}}))());
  EXPECT_FALSE(EarlierResults::open(path, "echo"));
}

TEST(Spool, GivesBackWhatWasPutAside) {
  auto spool = Spool::create();
  ASSERT_TRUE(spool);
  for (std::uint64_t i = 0; i < 100'000; ++i) {
    ASSERT_TRUE((*spool)->add("argument " + std::to_string(i), {.line = i, .tag = "", .index = i * 2}));
  }
  auto source = Spool::read_back(*spool);
  ASSERT_TRUE(source);
  for (std::uint64_t i = 0; i < 100'000; ++i) {
    auto task = (*source)();
    ASSERT_TRUE(task && *task);
    ASSERT_EQ((*task)->argument, "argument " + std::to_string(i));
    ASSERT_EQ((*task)->label.index, i * 2);
  }
  auto end = (*source)();
  EXPECT_TRUE(end && !*end);
}

}  // namespace
}  // namespace brigade::cli
