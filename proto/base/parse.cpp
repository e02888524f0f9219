#include <fmt/format.h>

#include <array>
#include <charconv>
#include <limits>
#include <optional>
#include <span>

#include "proto/base/text.h"

namespace brigade::base {
namespace {

__extension__ using Wide = unsigned __int128;

struct Unit {
  std::string_view name;
  std::uint64_t scale;
};

// What is being read, for its errors.
struct Notation {
  std::string_view what;  // "a duration"
  std::span<const Unit> units;
  std::string_view help;  // the units and an example
  std::uint64_t largest;
};

constexpr std::array<Unit, 8> kTimes{{{"ns", 1},
                                      {"us", 1'000},
                                      {"ms", 1'000'000},
                                      {"s", 1'000'000'000},
                                      {"m", 60'000'000'000},
                                      {"min", 60'000'000'000},
                                      {"h", 3'600'000'000'000},
                                      {"d", 86'400'000'000'000}}};
constexpr std::array<Unit, 10> kSizes{{{"", 1},
                                       {"B", 1},
                                       {"kB", 1'000},
                                       {"MB", 1'000'000},
                                       {"GB", 1'000'000'000},
                                       {"TB", 1'000'000'000'000},
                                       {"KiB", std::uint64_t{1} << 10},
                                       {"MiB", std::uint64_t{1} << 20},
                                       {"GiB", std::uint64_t{1} << 30},
                                       {"TiB", std::uint64_t{1} << 40}}};

// Millionths of one in an hour.
constexpr std::array<Unit, 5> kRates{
    {{"", 3'600'000'000}, {"/s", 3'600'000'000}, {"/m", 60'000'000}, {"/min", 60'000'000}, {"/h", 1'000'000}}};
constexpr std::uint64_t kRateMax = 1'000'000 * kRates[1].scale;

constexpr Notation kRate{"a rate", kRates, "a number and /s, /m or /h, as in 100/s or 10/m", kRateMax};
constexpr Notation kDuration{"a duration", kTimes, "a number with a unit (us, ms, s, min, h, d), as in 30s or 1.5h",
                             static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max())};
constexpr Notation kSize{"a size", kSizes, "bytes, or a number with a unit (kB, MB, GB, KiB, MiB, GiB), as in 64MiB",
                         std::numeric_limits<std::uint64_t>::max()};

constexpr std::size_t kFractionDigitsMax = 9;

Error refuse(const Notation& notation, std::string_view text, std::string_view why) {
  return {ErrorCode::invalid, fmt::format("\"{}\" is not {}: {}", text, notation.what, why)};
}

std::size_t leading_digits(std::string_view text) {
  const std::size_t end = text.find_first_not_of("0123456789");
  return end == std::string_view::npos ? text.size() : end;
}

// REQUIRES: digits only, at least one. None when it does not fit.
std::optional<std::uint64_t> to_number(std::string_view digits) {
  std::uint64_t number = 0;
  const auto [end, failure] = std::from_chars(digits.data(), digits.data() + digits.size(), number);
  if (failure != std::errc()) return std::nullopt;
  return number;
}

Result<std::uint64_t> parse_scaled(const Notation& notation, std::string_view text) {
  const std::string_view whole = text.substr(0, leading_digits(text));
  if (whole.empty()) return refuse(notation, text, notation.help);
  std::string_view rest = text.substr(whole.size());
  std::string_view fraction;
  if (rest.starts_with('.')) {
    fraction = rest.substr(1, leading_digits(rest.substr(1)));
    rest.remove_prefix(1 + fraction.size());
    if (fraction.empty()) return refuse(notation, text, "digits are missing after the point");
    if (fraction.size() > kFractionDigitsMax) return refuse(notation, text, "more than 9 digits after the point");
  }

  const Unit* unit = nullptr;
  for (const Unit& candidate : notation.units)
    if (candidate.name == rest) unit = &candidate;
  if (unit == nullptr) {
    const std::string why = rest.empty() ? fmt::format("the unit is missing; give {}", notation.help)
                                         : fmt::format("\"{}\" is no unit; give {}", rest, notation.help);
    return refuse(notation, text, why);
  }
  if (unit->scale == 1 && !fraction.empty()) return refuse(notation, text, "there are no parts of this unit");

  const auto number = to_number(whole);
  Wide value = number ? Wide{*number} * unit->scale : ~Wide{0};
  if (number && !fraction.empty()) {
    Wide parts = Wide{*to_number(fraction)} * unit->scale;
    for (std::size_t i = 0; i < fraction.size(); ++i) parts /= 10;
    value += parts;
  }
  if (value > notation.largest) return refuse(notation, text, "it is too large");
  return static_cast<std::uint64_t>(value);
}

}  // namespace

Result<std::uint64_t> parse_number(std::string_view text) {
  constexpr Notation kNumber{"a number", {}, "", 0};
  if (text.empty()) return refuse(kNumber, text, "it is empty");
  if (text.starts_with('-')) return refuse(kNumber, text, "it may not be negative");
  if (leading_digits(text) != text.size()) return refuse(kNumber, text, "only the digits 0 to 9 are allowed");
  const auto number = to_number(text);
  if (!number) return refuse(kNumber, text, "it is larger than 18446744073709551615");
  return *number;
}

Result<Duration> parse_duration(std::string_view text) {
  if (!text.empty() && text.find_first_not_of('0') == std::string_view::npos) return Duration{};
  const auto value = parse_scaled(kDuration, text);
  if (!value) return value.error();
  return Duration(static_cast<std::int64_t>(*value));
}

Result<Duration> parse_rate(std::string_view text) {
  constexpr std::uint64_t kMillionHours = 3'600'000'000'000 * 1'000'000;  // ns
  constexpr std::uint64_t kLeast = 1'000'000 / 24;                        // one in a day
  const auto value = parse_scaled(kRate, text);
  if (!value) return value.error();
  if (*value <= kLeast) return refuse(kRate, text, "it is less than one in a day");
  return Duration(static_cast<std::int64_t>((kMillionHours + *value - 1) / *value));
}

Result<std::uint64_t> parse_size(std::string_view text) {
  return parse_scaled(kSize, text);
}

}  // namespace brigade::base
