#include <gtest/gtest.h>

#include <string>
#include <utility>

#include "proto/base/text.h"

namespace brigade::base {
namespace {

using std::chrono::hours;
using std::chrono::microseconds;
using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;

template <class T>
void expect_refused(const Result<T>& result, const std::string& reason) {
  ASSERT_FALSE(result) << "expected: " << reason;
  EXPECT_EQ(result.error().code, ErrorCode::invalid);
  EXPECT_NE(result.error().message.find(reason), std::string::npos) << result.error().message;
}

TEST(ParseNumber, TakesDecimalDigitsOnly) {
  EXPECT_EQ(*parse_number("0"), 0u);
  EXPECT_EQ(*parse_number("007"), 7u);
  EXPECT_EQ(*parse_number("18446744073709551615"), ~std::uint64_t{0});
  expect_refused(parse_number(""), "\"\" is not a number: it is empty");
  expect_refused(parse_number("-1"), "may not be negative");
  for (const char* bad : {"1e9", "0x10", "+1", " 1", "1 ", "1.0", "1,000", "x"})
    expect_refused(parse_number(bad), "only the digits 0 to 9");
  expect_refused(parse_number("18446744073709551616"), "larger than 18446744073709551615");
}

TEST(ParseDuration, TakesNumbersWithUnits) {
  const std::pair<const char*, Duration> good[] = {{"0", Duration{}},
                                                   {"500ms", milliseconds(500)},
                                                   {"30s", seconds(30)},
                                                   {"1.5h", minutes(90)},
                                                   {"7d", hours(168)},
                                                   {"250us", microseconds(250)},
                                                   {"3m", minutes(3)},
                                                   {"3min", minutes(3)},
                                                   {"12ns", Duration(12)},
                                                   {"0.1s", milliseconds(100)},
                                                   {"1.000000001s", Duration(1'000'000'001)},
                                                   {"0s", Duration{}},
                                                   {"106751d", hours(24 * 106'751)}};
  for (const auto& [text, expected] : good) {
    const auto parsed = parse_duration(text);
    ASSERT_TRUE(parsed) << parsed.error().message;
    EXPECT_EQ(*parsed, expected) << text;
  }
}

TEST(ParseDuration, SaysWhatIsWrong) {
  expect_refused(parse_duration(""), "a number with a unit");
  expect_refused(parse_duration("30"), "the unit is missing");
  expect_refused(parse_duration("s"), "a number with a unit");
  expect_refused(parse_duration("-3s"), "a number with a unit");
  expect_refused(parse_duration("3 s"), "\" s\" is no unit");
  expect_refused(parse_duration("3S"), "\"S\" is no unit");
  expect_refused(parse_duration("1.s"), "digits are missing after the point");
  expect_refused(parse_duration("1.1234567890s"), "more than 9 digits");
  expect_refused(parse_duration("1.5ns"), "no parts of this unit");
  expect_refused(parse_duration("106752d"), "too large");
  expect_refused(parse_duration("99999999999999999999s"), "too large");
  expect_refused(parse_duration("1e3s"), "\"e3s\" is no unit");
}

TEST(Rates, AreReadAsTheTimeFromOneToTheNext) {
  for (const auto& [text, ns] : std::initializer_list<std::pair<const char*, std::int64_t>>{{"100/s", 10'000'000},
                                                                                            {"100", 10'000'000},
                                                                                            {"3/s", 333'333'334},
                                                                                            {"0.5/s", 2'000'000'000},
                                                                                            {"10/m", 6'000'000'000},
                                                                                            {"10/min", 6'000'000'000},
                                                                                            {"1/h", 3'600'000'000'000},
                                                                                            {"1000000/s", 1'000}}) {
    const auto parsed = parse_rate(text);
    ASSERT_TRUE(parsed) << text;
    EXPECT_EQ(parsed->count(), ns) << text;
  }
  for (const char* text :
       {"", "0", "0/s", "0.00001/s", "-1", "1/", "/s", "1/d", "1 /s", "1e3", "1000001/s", "99999999999999999999"})
    EXPECT_FALSE(parse_rate(text)) << text;
}

TEST(ParseSize, TakesBytesAndUnits) {
  const std::pair<const char*, std::uint64_t> good[] = {{"0", 0},           {"4096", 4096},
                                                        {"10B", 10},        {"10kB", 10'000},
                                                        {"64KiB", 65'536},  {"8MiB", 8 << 20},
                                                        {"1GiB", 1 << 30},  {"1.5KiB", 1'536},
                                                        {"2MB", 2'000'000}, {"16777215TiB", 16'777'215ull << 40}};
  for (const auto& [text, expected] : good) {
    const auto parsed = parse_size(text);
    ASSERT_TRUE(parsed) << parsed.error().message;
    EXPECT_EQ(*parsed, expected) << text;
  }
  expect_refused(parse_size(""), "is not a size");
  expect_refused(parse_size("1.5"), "no parts of this unit");
  expect_refused(parse_size("8mib"), "\"mib\" is no unit");
  expect_refused(parse_size("MiB"), "is not a size");
  expect_refused(parse_size("16777216TiB"), "too large");
}

TEST(Format, DurationsForPeople) {
  const std::pair<Duration, const char*> cases[] = {
      {Duration{}, "0 s"},           {Duration(850), "850 ns"},      {microseconds(250), "250 µs"},
      {Duration(999'960), "1 ms"},   {milliseconds(12), "12 ms"},    {microseconds(12'340), "12.3 ms"},
      {milliseconds(1500), "1.5 s"}, {Duration(999'960'000), "1 s"}, {milliseconds(59'960), "1 min"},
      {seconds(200), "3 min 20 s"},  {seconds(3600), "1 h"},         {milliseconds(3'599'600), "1 h"},
      {minutes(125), "2 h 5 min"},   {hours(50), "2 d 2 h"},         {seconds(-200), "-3 min 20 s"}};
  for (const auto& [duration, expected] : cases) EXPECT_EQ(format_duration(duration), expected);
  EXPECT_EQ(format_duration(Duration::min()), format_duration(-Duration::max()));
}

TEST(Format, SizesForPeople) {
  const std::pair<std::uint64_t, const char*> cases[] = {{0, "0 B"},
                                                         {1023, "1023 B"},
                                                         {1024, "1 KiB"},
                                                         {5'976'883, "5.7 MiB"},
                                                         {(1 << 20) - 1, "1 MiB"},
                                                         {std::uint64_t{3} << 30, "3 GiB"},
                                                         {~std::uint64_t{0}, "16 EiB"}};
  for (const auto& [bytes, expected] : cases) EXPECT_EQ(format_size(bytes), expected);
}

TEST(Format, CountsForPeople) {
  EXPECT_EQ(format_count(0), "0");
  EXPECT_EQ(format_count(999), "999");
  EXPECT_EQ(format_count(1000), "1,000");
  EXPECT_EQ(format_count(1'234'567), "1,234,567");
}

TEST(Format, InstantsInUtc) {
  EXPECT_EQ(format_utc({0}), "1970-01-01T00:00:00.000Z");
  EXPECT_EQ(format_utc({1'795'410'367'089}), "2026-11-23T05:06:07.089Z");
  EXPECT_EQ(format_utc({-1}), "1969-12-31T23:59:59.999Z");
  EXPECT_EQ(format_utc({INT64_MIN}), "0000-01-01T00:00:00.000Z");
  EXPECT_EQ(format_utc({INT64_MAX}), "9999-12-31T23:59:59.999Z");
}

}  // namespace
}  // namespace brigade::base
