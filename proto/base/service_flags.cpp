#include "proto/base/service_flags.h"

#include <algorithm>
#include <cstdio>

#include "proto/base/nearest.h"
#include "proto/base/text.h"
#include "proto/base/version.h"

namespace brigade::base {
namespace {

/// CLI11's way to take a value: an error's text comes back as an exception of its own.
template <class T>
CLI::Option* add_parsed(CLI::App& app, const std::string& name, T& value, const std::string& description,
                        Result<T> (*read)(std::string_view)) {
  return app.add_option_function<std::string>(
      name,
      [&value, name, read](const std::string& text) {
        auto parsed = read(text);
        if (!parsed) throw CLI::ValidationError(name, parsed.error().message);
        value = *parsed;
      },
      description);
}

std::vector<std::string> options_of(const CLI::App& app) {
  std::vector<std::string> names;
  for (const CLI::Option* option : app.get_options()) {
    for (const std::string& name : option->get_lnames()) names.push_back("--" + name);
  }
  return names;
}

std::vector<std::string> commands_of(const CLI::App& app) {
  std::vector<std::string> names;
  for (const CLI::App* command : app.get_subcommands([](const CLI::App*) { return true; }))
    names.push_back(command->get_name());
  return names;
}

/// About the words that nobody wanted: an option rather than what was meant to be its value.
std::string unexpected(const CLI::App& app, const std::vector<std::string>& words) {
  const auto option = std::ranges::find_if(words, [](const std::string& word) { return word.starts_with("--"); });
  const bool is_option = option != words.end();
  const std::string word = is_option ? option->substr(0, option->find('=')) : words.front();
  const std::vector<std::string> known = is_option ? options_of(app) : commands_of(app);
  std::string message = "there is no " + std::string(is_option ? "option" : "command") + " '" + word + "'";
  if (!is_option && known.empty()) message = "no argument is expected, but there is '" + word + "'";
  const auto near = nearest(word, known);
  return near ? message + "; did you mean '" + *near + "'?" : message;
}

std::string complaint(const CLI::App& app, const CLI::ParseError& error) {
  for (const CLI::App* command : app.get_subcommands()) {
    if (const auto words = command->remaining(); !words.empty()) return unexpected(*command, words);
  }
  const auto words = app.remaining();
  return words.empty() ? error.what() : unexpected(app, words);
}

}  // namespace

CLI::Option* add_duration(CLI::App& app, const std::string& name, Duration& value, const std::string& description,
                          const std::string& variable) {
  return add_parsed<Duration>(app, name, value, description, parse_duration)
      ->default_str(value == Duration{} ? "none" : format_duration(value))
      ->type_name("DURATION")
      ->envname(variable);
}

CLI::Option* add_size(CLI::App& app, const std::string& name, std::uint64_t& value, const std::string& description,
                      const std::string& variable) {
  return add_parsed<std::uint64_t>(app, name, value, description, parse_size)
      ->default_str(value == 0 ? "none" : format_size(value))
      ->type_name("SIZE")
      ->envname(variable);
}

std::optional<int> parse(CLI::App& app, int argc, char** argv) {
  app.set_version_flag("--version", std::string("brigade ") + std::string(version()));
  try {
    app.parse(argc, argv);
    return std::nullopt;
  } catch (const CLI::CallForHelp&) {
    std::fputs(app.help().c_str(), stdout);
    return 0;
  } catch (const CLI::CallForVersion& asked) {
    std::printf("%s\n", asked.what());
    return 0;
  } catch (const CLI::ParseError& error) {
    const std::string name = app.get_name();
    std::fprintf(stderr, "%s: %s; see %s --help\n", name.c_str(), complaint(app, error).c_str(), name.c_str());
    return kExitUsage;
  }
}

}  // namespace brigade::base
