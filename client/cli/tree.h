// What the tree of commands needs beyond CLI11: actions, help, completion. Includes CLI11: for few files.
#pragma once

#include <CLI/App.hpp>
#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>
#include <map>
#include <string>
#include <vector>

#include "client/cli/declare.h"

namespace brigade::cli {

/// A command with its action and the examples of its help.
class CommandApp : public CLI::App {
 public:
  CommandApp(const std::string& help, const std::string& name, CLI::App* parent) : CLI::App(help, name, parent) {}
  Action action;
  std::string examples;
  bool hidden = false;
};

/// The command that the arguments named, root included, outermost first.
std::vector<CLI::App*> chosen_path(CLI::App& root);

/// Whether the commands below it are kinds of tasks.
bool takes_kinds(const CLI::App& app);

/// Help for a command: usage, description, its commands, its options (`full`: with those that it shares with others,
/// with defaults, environment variables and examples).
std::string help_text(CLI::App& command, bool full, std::size_t width);

/// Names of the commands below `app` that are not hidden.
std::vector<std::string> command_names(const CLI::App& app);
/// Long and short names of the options that may be given after `app`'s name: its own and those of its parents.
std::vector<std::string> option_names(const CLI::App& app);

/// A completion script, made from the tree.
std::string completion_script(CLI::App& root, const std::string& shell);

}  // namespace brigade::cli
