#include "client/cli/tree.h"

#include <algorithm>
#include <sstream>

#include "client/output/terminal.h"

namespace brigade::cli {
namespace {

constexpr char kNoBreak = '\x02';  // a blank at which no line ends

bool is_hidden(const CLI::App& app) {
  return app.get_group().empty();
}

std::string full_name(const CLI::App& app) {
  const CLI::App* parent = app.get_parent();
  return parent == nullptr ? app.get_name() : full_name(*parent) + " " + app.get_name();
}

/// `text` in lines of at most `width` columns, the first begun already at `column`, the others indented to `indent`.
std::string wrapped(const std::string& text, std::size_t column, std::size_t indent, std::size_t width) {
  std::istringstream words(text);
  std::string out;
  bool first = true;
  for (std::string word; words >> word;) {
    const std::size_t size = output::display_width(word);
    if (!first && column + 1 + size > width) {
      out += "\n" + std::string(indent, ' ');
      column = indent;
      first = true;
    }
    if (!first) {
      out += ' ';
      ++column;
    }
    std::replace(word.begin(), word.end(), kNoBreak, ' ');
    out += word;
    column += size;
    first = false;
  }
  return out;
}

std::string entry(const std::string& name, const std::string& text, std::size_t width) {
  const std::size_t indent = width < 60 ? 4 : 26;
  std::string line = "  " + name;
  const std::size_t used = output::display_width(line);
  if (used + 2 > indent) {
    line += "\n" + std::string(indent, ' ');
  } else {
    line += std::string(indent - used, ' ');
  }
  return line + wrapped(text, indent, indent, width) + "\n";
}

std::string option_title(const CLI::Option& option) {
  std::string names;
  for (const std::string& name : option.get_snames()) names += "-" + name + ", ";
  for (const std::string& name : option.get_lnames()) names += "--" + name + ", ";
  if (!names.empty()) names.resize(names.size() - 2);
  const bool takes_value = option.get_expected_min() > 0 && !option.get_type_name().empty();
  return takes_value ? names + " " + option.get_type_name() : names;
}

std::string option_entry(const CLI::Option& option, bool full, std::size_t width) {
  std::string text = option.get_description();
  if (full) {
    std::string notes;
    if (!option.get_default_str().empty()) notes = "default: " + option.get_default_str();
    const std::string variable = option.check_lname("config") ? "BRIGADE_CONFIG" : option.get_envname();
    if (!variable.empty()) notes += std::string(notes.empty() ? "env:" : "; env:") + kNoBreak + variable;
    if (!notes.empty()) text += " [" + notes + "]";
  }
  return entry(option_title(option), text, width);
}

std::string options_of(const CLI::App& app, bool full, std::size_t width) {
  std::string text;
  for (const CLI::Option* option : app.get_options([](const CLI::Option* o) { return o->nonpositional(); })) {
    text += option_entry(*option, full, width);
  }
  return text;
}

std::string usage(const CLI::App& app) {
  std::string text = "Usage: " + full_name(app);
  if (!command_names(app).empty()) text += takes_kinds(app) ? " KIND" : " COMMAND";
  for (const CLI::Option* option : app.get_options([](const CLI::Option* o) { return o->get_positional(); })) {
    text += " " + option->get_name(true);
  }
  return text + " [OPTIONS]\n";
}

std::string commands_of(const CLI::App& app, std::size_t width) {
  std::string text;
  for (const CLI::App* command : app.get_subcommands([](const CLI::App*) { return true; })) {
    if (!is_hidden(*command)) text += entry(command->get_name(), command->get_description(), width);
  }
  return text;
}

}  // namespace

bool takes_kinds(const CLI::App& app) {
  return app.get_name() == "run" || app.get_name() == "submit" || app.get_name() == "experiment";
}

std::vector<CLI::App*> chosen_path(CLI::App& root) {
  std::vector<CLI::App*> path{&root};
  while (!path.back()->get_subcommands().empty()) path.push_back(path.back()->get_subcommands().front());
  return path;
}

std::vector<std::string> command_names(const CLI::App& app) {
  std::vector<std::string> names;
  for (const CLI::App* command : app.get_subcommands([](const CLI::App*) { return true; })) {
    if (!is_hidden(*command)) names.push_back(command->get_name());
  }
  return names;
}

std::vector<std::string> option_names(const CLI::App& app) {
  std::vector<std::string> names;
  for (const CLI::App* level = &app; level != nullptr; level = level->get_parent()) {
    for (const CLI::Option* option : level->get_options()) {
      for (const std::string& name : option->get_lnames()) names.push_back("--" + name);
      for (const std::string& name : option->get_snames()) names.push_back("-" + name);
    }
  }
  std::sort(names.begin(), names.end());
  names.erase(std::unique(names.begin(), names.end()), names.end());
  return names;
}

std::string help_text(CLI::App& command, bool full, std::size_t width) {
  std::string text = wrapped(command.get_description(), 0, 0, width) + "\n\n" + usage(command);
  for (const CLI::Option* option : command.get_options([](const CLI::Option* o) { return o->get_positional(); })) {
    text += entry(option->get_name(true), option->get_description(), width);
  }
  if (const std::string commands = commands_of(command, width); !commands.empty()) {
    const bool kinds = takes_kinds(command);
    text += (kinds ? "\nKinds of tasks:\n" : "\nCommands:\n") + commands;
  }
  const bool root = command.get_parent() == nullptr;
  if (!root || full) {
    if (const std::string options = options_of(command, full, width); !options.empty())
      text += "\nOptions:\n" + options;
  }
  if (full) {
    for (CLI::App* level = command.get_parent(); level != nullptr; level = level->get_parent()) {
      const std::string title =
          level->get_parent() == nullptr ? "Options of every command" : "Options of " + full_name(*level);
      text += "\n" + title + ":\n" + options_of(*level, true, width);
    }
  }
  const std::string& examples = static_cast<CommandApp&>(command).examples;
  if (!examples.empty() && (full || root)) text += "\nExamples:\n" + examples;
  if (!full) text += "\nMore: " + full_name(command) + " --help\n";
  return text;
}

}  // namespace brigade::cli
