// Checks of what a peer sent. Included by this folder's sources only.
#pragma once

#include <fmt/format.h>
#include <google/protobuf/repeated_field.h>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "proto/model/columns.h"
#include "proto/model/result.h"
#include "proto/model/runs.h"
#include "proto/model/time.h"

namespace brigade::wire {

/// Remembers the first thing that was wrong. Each check returns a value that is safe to use even where it refused, so
/// that a reader reads on and asks once, at its end.
class Check {
 public:
  bool ok() const { return !error_; }
  /// REQUIRES: !ok().
  const Error& error() const { return *error_; }

  template <class... Args>
  void refuse(fmt::format_string<Args...> format, Args&&... args) {
    if (!error_) error_ = Error{ErrorCode::malformed, fmt::format(format, std::forward<Args>(args)...)};
  }

  std::string text(const std::string& text, std::string_view what, std::size_t bytes_max);
  /// The same for a name out of a blob, of which nobody has checked that it is UTF-8 either.
  std::string name(std::string_view name, std::string_view what);
  std::uint64_t most(std::uint64_t value, std::string_view what, std::uint64_t max);
  /// Not negative.
  Duration duration(std::int64_t ns, std::string_view what);
  /// Finite and not negative.
  double milliseconds(double ms, std::string_view what);
  void milliseconds(const Column<float>& column, std::string_view what);

  /// One of `count` enumerators from 0 on.
  template <class E>
  E one_of(int value, std::string_view what, int count) {
    if (value >= 0 && value < count) return static_cast<E>(value);
    refuse("{}: {} is not known here", what, value);
    return {};
  }

  /// Runs from first, count, first, count, …: none empty, within a job's bounds and disjoint, `tasks_max` in all.
  Runs runs(const google::protobuf::RepeatedField<std::uint64_t>& numbers, std::string_view what,
            std::uint64_t tasks_max);
  /// The same for a part of the numbers: `count` runs from run `first` on. REQUIRES: they are there.
  Runs runs(const std::uint64_t* numbers, std::size_t count, std::string_view what, std::uint64_t tasks_max);

 private:
  std::optional<Error> error_;
};

void put(const Runs& runs, google::protobuf::RepeatedField<std::uint64_t>& numbers);

}  // namespace brigade::wire
