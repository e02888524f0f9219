// Declaring a command and its options. CLI11 stays behind this header.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "client/cli/exit_code.h"
#include "proto/model/time.h"

namespace CLI {
class App;
}

namespace brigade::cli {

class Context;
using Action = std::function<ExitCode(Context&)>;

/// An option's names and what --help says of it.
struct OptionText {
  std::string names;  ///< "-o,--output"
  std::string help;
  std::string fallback{};  ///< the default as shown where the value itself does not say it
  std::string type{};      ///< of the value, as shown: "FILE"
};

/// One command (or kind) under construction. Values are written when the command line has been parsed; what they hold
/// before is the default. REQUIRES: the values outlive the parsing.
///
/// Every option can also be set by the environment variable BRIGADE_ + `scope` + its long name, and by the
/// configuration file, under the command's name.
class Declare {
 public:
  Declare(CLI::App& app, std::string scope);

  /// A command below this one. `action` may be empty for one that only groups others.
  Declare command(const std::string& name, const std::string& help, Action action, const std::string& scope = "");
  /// Not shown in help or completion.
  void hide();
  /// Lines for the end of the full help.
  void examples(const std::string& text);

  void flag(const OptionText& text, bool& value);
  void text(const OptionText& text, std::string& value);
  void texts(const OptionText& text, std::vector<std::string>& value);
  void choice(const OptionText& text, std::string& value, const std::vector<std::string>& choices);
  void duration(const OptionText& text, std::optional<Duration>& value);
  void size(const OptionText& text, std::optional<std::uint64_t>& value);
  /// A whole number in `least..most`.
  void number(const OptionText& text, std::optional<std::uint64_t>& value, std::uint64_t least, std::uint64_t most);
  void integer(const OptionText& text, std::optional<std::int64_t>& value, std::int64_t least, std::int64_t most);

  /// What stands on the command line without an option's name.
  void words(const std::string& name, const std::string& help, std::vector<std::string>& value);

 private:
  CLI::App* app_;
  std::string scope_;
};

/// The environment variable of an option: "BRIGADE_FETCH_MAX_BODY" for scope "FETCH_" and "--max-body".
std::string variable_of(const std::string& scope, const std::string& names);

}  // namespace brigade::cli
