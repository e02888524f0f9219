#include "proto/base/service_flags.h"

#include <cstdio>

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
    std::fprintf(stderr, "%s: %s; see %s --help\n", app.get_name().c_str(), error.what(), app.get_name().c_str());
    return kExitUsage;
  }
}

}  // namespace brigade::base
