// Completion for the shells: the tree of commands written down as a table of words.
#include <algorithm>

#include "client/cli/tree.h"

namespace brigade::cli {
namespace {

struct Place {
  std::string path;  ///< "run factorial"; empty for the root
  std::vector<std::string> commands;
  std::vector<std::string> options;
};

void collect(const CLI::App& app, const std::string& path, std::vector<Place>& out) {
  out.push_back({.path = path, .commands = command_names(app), .options = option_names(app)});
  if (path == "completion") out.back().commands = {"bash", "zsh", "fish"};
  for (const CLI::App* command : app.get_subcommands([](const CLI::App*) { return true; })) {
    if (command->get_group().empty()) continue;
    collect(*command, path.empty() ? command->get_name() : path + " " + command->get_name(), out);
  }
}

std::string joined(const std::vector<std::string>& words) {
  std::string text;
  for (const std::string& word : words) text += (text.empty() ? "" : " ") + word;
  return text;
}

std::string cases(const std::vector<Place>& places) {
  std::string text;
  for (const Place& place : places) {
    text += "    '" + place.path + "') words='" + joined(place.commands) + "'; options='" + joined(place.options) +
            "' ;;\n";
  }
  return text;
}

std::string bash(const std::vector<Place>& places) {
  return "# Completion of brigade for bash: source <(brigade completion bash)\n"
         "_brigade() {\n"
         "  local current=\"${COMP_WORDS[COMP_CWORD]}\" path='' words options word next i\n"
         "  _brigade_words ''\n"
         "  for ((i = 1; i < COMP_CWORD; i++)); do\n"
         "    word=\"${COMP_WORDS[i]}\"\n"
         "    next=\"${path:+$path }$word\"\n"
         "    case \" $words \" in *\" $word \"*) path=\"$next\"; _brigade_words \"$path\" ;; esac\n"
         "  done\n"
         "  case \"$current\" in\n"
         "    -*) COMPREPLY=($(compgen -W \"$options\" -- \"$current\")) ;;\n"
         "    *) COMPREPLY=($(compgen -W \"$words\" -- \"$current\"))\n"
         "       [ ${#COMPREPLY[@]} -gt 0 ] || COMPREPLY=($(compgen -f -- \"$current\")) ;;\n"
         "  esac\n"
         "}\n"
         "_brigade_words() {\n"
         "  words=''; options=''\n"
         "  case \"$1\" in\n" +
         cases(places) +
         "  esac\n"
         "}\n"
         "complete -F _brigade brigade\n";
}

std::string zsh(const std::vector<Place>& places) {
  return "#compdef brigade\n"
         "# Completion of brigade for zsh: source <(brigade completion zsh)\n"
         "_brigade_words() {\n"
         "  brigade_words=''; brigade_options=''\n"
         "  local words options\n"
         "  case \"$1\" in\n" +
         cases(places) +
         "  esac\n"
         "  brigade_words=\"$words\"; brigade_options=\"$options\"\n"
         "}\n"
         "_brigade() {\n"
         "  local at='' word brigade_words brigade_options i\n"
         "  _brigade_words ''\n"
         "  for ((i = 2; i < CURRENT; i++)); do\n"
         "    word=\"${words[i]}\"\n"
         "    if [[ \" $brigade_words \" == *\" $word \"* ]]; then\n"
         "      at=\"${at:+$at }$word\"; _brigade_words \"$at\"\n"
         "    fi\n"
         "  done\n"
         "  if [[ \"${words[CURRENT]}\" == -* ]]; then\n"
         "    compadd -- ${(s: :)brigade_options}\n"
         "  else\n"
         "    compadd -- ${(s: :)brigade_words}\n"
         "    _files\n"
         "  fi\n"
         "}\n"
         "(( $+functions[compdef] )) && compdef _brigade brigade\n";
}

std::string condition(const Place& place) {
  return place.path.empty() ? "test (count (__brigade_path)) -eq 0"
                            : "test (__brigade_path | string join ' ') = '" + place.path + "'";
}

std::string fish(const std::vector<Place>& places) {
  std::string text =
      "# Completion of brigade for fish: brigade completion fish | source\n"
      "function __brigade_path\n"
      "  set -l at\n"
      "  for word in (commandline -opc)[2..-1]\n"
      "    set -l next (string join ' ' $at $word)\n"
      "    contains -- \"$next\" $__brigade_paths; and set at $at $word\n"
      "  end\n"
      "  printf '%s\\n' $at\n"
      "end\n"
      "set -g __brigade_paths";
  for (const Place& place : places) {
    if (!place.path.empty()) text += " '" + place.path + "'";
  }
  text += "\n";
  for (const Place& place : places) {
    if (!place.commands.empty()) {
      text += "complete -c brigade -f -n \"" + condition(place) + "\" -a '" + joined(place.commands) + "'\n";
    }
    for (const std::string& option : place.options) {
      const bool is_long = option.compare(0, 2, "--") == 0;
      text += "complete -c brigade -n \"" + condition(place) + "\" " +
              (is_long ? "-l " + option.substr(2) : "-s " + option.substr(1)) + "\n";
    }
  }
  return text;
}

}  // namespace

std::string completion_script(CLI::App& root, const std::string& shell) {
  std::vector<Place> places;
  collect(root, "", places);
  if (shell == "bash") return bash(places);
  return shell == "zsh" ? zsh(places) : fish(places);
}

}  // namespace brigade::cli
