// Errors as values, and the check of an invariant.
#pragma once

#include <optional>
#include <string>
#include <utility>
#include <variant>

namespace brigade {

/// Why a request or an input was refused. The programs map these to exit codes in one place (client/cli/exit_code.h).
enum class ErrorCode : unsigned char {
  invalid = 1,       ///< bad input or usage
  not_found = 2,     ///< no such job, worker, file
  conflict = 3,      ///< the key or name stands for something else
  unavailable = 4,   ///< no broker, no worker, no answer in time
  unauthorised = 5,  ///< the peer may not do this
  too_large = 6,     ///< over a limit
  storage = 7,       ///< the disk refused
  malformed = 8,     ///< a peer's message broke the protocol
  cancelled = 9,     ///< on request
  internal = 10,
  unsuitable = 11,  ///< no connected worker can ever run it; what a client finds, in no message
};

struct Error {
  ErrorCode code = ErrorCode::internal;
  std::string message;  ///< what and why, and where it helps the next step
  bool operator==(const Error&) const = default;
};

/// A value, or the reason why there is none.
template <class T>
class [[nodiscard]] Result {
 public:
  Result(T value) : state_(std::move(value)) {}
  Result(Error error) : state_(std::move(error)) {}

  explicit operator bool() const { return std::holds_alternative<T>(state_); }
  T& operator*() & { return std::get<T>(state_); }
  const T& operator*() const& { return std::get<T>(state_); }
  T&& operator*() && { return std::get<T>(std::move(state_)); }
  T* operator->() { return &std::get<T>(state_); }
  const T* operator->() const { return &std::get<T>(state_); }
  const Error& error() const { return std::get<Error>(state_); }

 private:
  std::variant<T, Error> state_;
};

/// Success without a value, or the reason of a failure.
template <>
class [[nodiscard]] Result<void> {
 public:
  Result() = default;
  Result(Error error) : error_(std::move(error)) {}

  explicit operator bool() const { return !error_; }
  const Error& error() const { return *error_; }

 private:
  std::optional<Error> error_;
};

/// An invariant of ours; it stays on in release. A peer's input is never checked with this.
/// Ends the process with the place of the broken invariant when `holds` is false.
/// (The built-ins are what std::source_location, which clang 14 lacks, would be made of.)
void require(bool holds, const char* file = __builtin_FILE(), unsigned line = __builtin_LINE(),
             const char* function = __builtin_FUNCTION());

/// Builds a visitor from lambdas: `std::visit(overload{…}, variant)`.
template <class... Fs>
struct overload : Fs... {
  using Fs::operator()...;
};
template <class... Fs>
overload(Fs...) -> overload<Fs...>;

}  // namespace brigade
