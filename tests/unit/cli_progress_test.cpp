#include <gtest/gtest.h>

#include "client/output/progress.h"

namespace brigade::output {
namespace {

Terminal person() {
  Terminal terminal;
  terminal.err_is_terminal = true;
  return terminal;
}

TEST(ProgressStyle, DependsOnWhereStderrGoes) {
  Terminal terminal = person();
  EXPECT_EQ(progress_style("auto", terminal), ProgressStyle::bar);
  terminal.dumb = true;
  EXPECT_EQ(progress_style("auto", terminal), ProgressStyle::plain);
  terminal = person();
  terminal.ci = true;
  EXPECT_EQ(progress_style("auto", terminal), ProgressStyle::plain);
  EXPECT_EQ(progress_style("auto", Terminal{}), ProgressStyle::none);
  EXPECT_EQ(progress_style("plain", Terminal{}), ProgressStyle::plain);
  EXPECT_EQ(progress_style("none", person()), ProgressStyle::none);
  EXPECT_EQ(progress_style("loud", person()), std::nullopt);
}

TEST(ProgressLine, FitsEveryWidth) {
  const ProgressFacts facts{.done = 123'456'789, .total = 1'000'000'000, .failed = 12'345, .per_second = 1'234'567};
  for (std::size_t width = 4; width <= 200; ++width) {
    EXPECT_LE(display_width(progress_line(facts, width, false)), width) << width;
  }
}

TEST(ProgressLine, ShowsTheImportantFirst) {
  const ProgressFacts facts{.done = 50, .total = 200, .failed = 3, .per_second = 10};
  EXPECT_EQ(progress_line(facts, 39, false), "50/200  3 failed  10/s  ETA 0:15");
  EXPECT_EQ(progress_line(facts, 10, false), "50/200");
  EXPECT_EQ(progress_line(facts, 5, false), "25%");
  EXPECT_EQ(progress_line(facts, 60, false), "━━━━━━━───────────────────  50/200  3 failed  10/s  ETA 0:15");
}

TEST(ProgressLine, ColoursOnlyWhenAsked) {
  const ProgressFacts facts{.done = 1, .total = 2, .failed = 1, .per_second = 0};
  EXPECT_EQ(progress_line(facts, 80, false).find('\x1b'), std::string::npos);
  EXPECT_NE(progress_line(facts, 80, true).find("\x1b[31m1 failed"), std::string::npos);
}

TEST(PlainLine, IsASentenceOfFacts) {
  EXPECT_EQ(plain_line({.done = 12'000, .total = 100'000, .failed = 3, .per_second = 4000}),
            "12,000/100,000 tasks, 3 failed, 4000/s, 0:22 left");
}

}  // namespace
}  // namespace brigade::output
