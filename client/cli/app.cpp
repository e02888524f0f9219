#include "client/cli/app.h"

#include <unistd.h>

#include <cstdlib>
#include <iostream>

#include "client/cli/commands.h"
#include "client/cli/context.h"
#include "client/cli/tree.h"
#include "client/cluster/folders.h"
#include "proto/base/nearest.h"

namespace brigade::cli {
namespace {

bool is_set(const std::string& variable) {
  const char* value = std::getenv(variable.c_str());
  return value != nullptr && *value != '\0';
}

/// CLI11 lets the configuration file win over the environment; here it is the other way round.
class ConfigBelowEnvironment : public CLI::ConfigTOML {
 public:
  explicit ConfigBelowEnvironment(const CLI::App& root) : root_(root) {}

  std::vector<CLI::ConfigItem> from_config(std::istream& input) const override {
    auto found = CLI::ConfigTOML::from_config(input);
    found.erase(
        std::remove_if(found.begin(), found.end(), [this](const CLI::ConfigItem& item) { return overridden(item); }),
        found.end());
    return found;
  }

 private:
  bool overridden(const CLI::ConfigItem& item) const {
    const CLI::App* app = &root_;
    for (const std::string& parent : item.parents) {
      const auto found = app->get_subcommands([&parent](const CLI::App* sub) { return sub->get_name() == parent; });
      if (found.empty()) return false;
      app = found.front();
    }
    const CLI::Option* option = app->get_option_no_throw("--" + item.name);
    return option != nullptr && !option->get_envname().empty() && is_set(option->get_envname());
  }

  const CLI::App& root_;
};

struct Wishes {
  bool short_help = false, help = false, version = false;
};

class Program {
 public:
  Program() : root_("Run batches of tasks on the cores of one machine or of many", "brigade", nullptr) {
    Declare root(root_, "");
    root_.add_flag("-h", wishes_.short_help, "A short help");
    root_.add_flag("--help", wishes_.help, "The full help of a command, with defaults and environment variables");
    root_.add_flag("--version", wishes_.version, "Show the version");
    declare_globals(root);
    root.examples(
        "  brigade run factorial 1..10               compute on this machine\n"
        "  brigade run fetch --from urls.txt -o csv  fetch a list of URLs\n"
        "  brigade up --workers 2                    start a cluster and leave it running\n"
        "  brigade submit factorial 1..1000          hand it a job\n"
        "  brigade results last --follow             read what comes\n");
    declare_commands(root);
  }

  int run(std::vector<std::string> arguments) {
    std::reverse(arguments.begin(), arguments.end());  // as CLI11 wants them
    try {
      root_.parse(std::move(arguments));
    } catch (const CLI::ParseError& error) {
      if (help_was_wished()) return show_help();
      return refuse(error);
    }
    if (wishes_.version) return context_.print(version_line());
    if (help_was_wished()) return show_help();
    return act();
  }

 private:
  void declare_globals(Declare& root) {
    Globals& globals = context_.globals;
    root.text(
        {"--broker", "The broker to use, tcp://HOST:PORT or ipc://PATH", "the cluster of 'brigade up'", "ENDPOINT"},
        globals.broker);
    root.duration({"--connect-timeout", "Limit of connecting to the broker, and of each of its answers", "5s"},
                  globals.connect_timeout);
    root.choice({"-o,--output", "How data is printed", "table on a terminal, else ndjson"}, globals.output,
                {"table", "json", "ndjson", "csv", "quiet"});
    root.choice({"--progress", "Progress on stderr: auto shows a bar on a terminal"}, globals.progress,
                {"auto", "plain", "none"});
    const bool named = is_set("BRIGADE_CONFIG");
    const std::string path = named ? std::getenv("BRIGADE_CONFIG") : cluster::config_path().string();
    CLI::Option* config =
        root_.set_config("--config", path, "Options from a file (TOML); those of a command in its section", named);
    config->type_name("FILE")->envname("");
    root_.config_formatter(std::make_shared<ConfigBelowEnvironment>(root_));
    root_.allow_config_extras(CLI::config_extras_mode::error);
  }

  void declare_commands(Declare& root) {
    declare_run(root);
    declare_submit(root);
    declare_wait(root);
    declare_results(root);
    declare_jobs(root);
    declare_job(root);
    declare_cancel(root);
    declare_forget(root);
    declare_retry(root);
    declare_why(root);
    declare_workers(root);
    declare_status(root);
    declare_drain(root);
    declare_up(root);
    declare_down(root);
    declare_supervise(root);
    declare_experiment(root);
    declare_report(root);
    declare_bench(root);
    declare_doctor(root);
    declare_completion(root, root_);
    declare_version(root);
  }

  bool help_was_wished() const {
    const auto given = [this](const char* name) { return root_.get_option(name)->count() > 0; };
    return given("-h") || given("--help");
  }

  int show_help() {
    const bool full = root_.get_option("--help")->count() > 0;
    const std::size_t width = context_.terminal().out_is_terminal ? output::terminal_width(STDOUT_FILENO) : 100;
    return context_.print(help_text(*chosen_path(root_).back(), full, width));
  }

  int act() {
    CLI::App& command = *chosen_path(root_).back();
    const Action& action = static_cast<CommandApp&>(command).action;
    if (action) return action(context_);
    const std::size_t width = context_.terminal().err_is_terminal ? output::terminal_width(STDERR_FILENO) : 100;
    output::write_error_stream(help_text(command, false, width));
    return kUsage;
  }

  int refuse(const CLI::ParseError& error) {
    const CLI::App& command = *chosen_path(root_).back();
    for (const CLI::App* app : chosen_path(root_)) {  // a word that nobody wants falls through to a parent
      const std::vector<std::string> left = app->remaining();
      if (!left.empty()) return context_.fail(kUsage, unexpected(command, left.front()));
    }
    std::string message = error.what();
    while (!message.empty() && message.back() == '\n') message.pop_back();
    return context_.fail(kUsage, message + ". See: " + name_of_command(command) + " --help");
  }

  static std::string name_of_command(const CLI::App& command) {
    return command.get_parent() == nullptr ? command.get_name()
                                           : name_of_command(*command.get_parent()) + " " + command.get_name();
  }

  /// `command`: the innermost that was named.
  static std::string unexpected(const CLI::App& command, const std::string& word) {
    const bool option = word.size() > 1 && word.front() == '-';
    const std::string given = option ? word.substr(0, word.find('=')) : word;
    const std::vector<std::string> known = option ? option_names(command) : command_names(command);
    const bool kinds = takes_kinds(command);
    const char* what = option          ? "option"
                       : known.empty() ? "place for the argument"
                       : kinds         ? "kind of task"
                                       : "command";
    std::string message = std::string("there is no ") + what + " '" + given + "'";
    if (command.get_parent() != nullptr && (option || known.empty()))
      message += " in '" + name_of_command(command) + "'";
    if (const auto near = base::nearest(given, known)) message += "; did you mean '" + *near + "'?";
    return message + (message.back() == '?' ? " See: " : ". See: ") + name_of_command(command) + " --help";
  }

  Context context_;
  CommandApp root_;
  Wishes wishes_;
};

/// Marks words that CLI11 would not leave as they are: it takes "[a,b]" for a list of two where several words are
/// welcome, and forgets about "--" in a command that has had one word already.
std::vector<std::string> marked(int argc, char** argv) {
  std::vector<std::string> arguments;
  bool plain = false;  // after "--" nothing is an option
  for (int i = 1; i < argc; ++i) {
    std::string word = argv[i];
    if (!plain && word == "--") {
      plain = true;
      continue;
    }
    const bool list = word.size() > 1 && word.front() == '[' && word.back() == ']';
    if (plain || list) word.insert(0, 1, '\x01');
    arguments.push_back(std::move(word));
  }
  return arguments;
}

}  // namespace

int run_program(int argc, char** argv) {
  return Program().run(marked(argc, argv));
}

}  // namespace brigade::cli
