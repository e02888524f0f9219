#include "client/cli/declare.h"

#include <algorithm>
#include <cctype>

#include "proto/base/nearest.h"
#include "proto/base/text.h"

namespace brigade::cli {
namespace {

/// A check in CLI11's form: the sentence that says what is wrong, or nothing.
template <class Parse>
CLI::Validator checked(Parse parse) {
  return CLI::Validator(
      [parse](std::string& text) {
        const auto value = parse(text);
        return value ? std::string() : value.error().message;
      },
      "");
}

Result<std::int64_t> parse_integer(const std::string& text, std::int64_t least, std::int64_t most) {
  const bool negative = !text.empty() && text.front() == '-';
  const auto magnitude = base::parse_number(negative ? text.substr(1) : text);
  if (!magnitude) return magnitude.error();
  const auto value = *magnitude > INT32_MAX ? std::int64_t{INT32_MAX} + 1 : static_cast<std::int64_t>(*magnitude);
  const std::int64_t number = negative ? -value : value;
  if (number < least || number > most) {
    return Error{ErrorCode::invalid, "'" + text + "' is not in " + std::to_string(least) + ".." + std::to_string(most)};
  }
  return number;
}

Result<std::uint64_t> parse_within(const std::string& text, std::uint64_t least, std::uint64_t most) {
  auto number = base::parse_number(text);
  if (number && (*number < least || *number > most)) {
    return Error{ErrorCode::invalid, "'" + text + "' is not in " + std::to_string(least) + ".." + std::to_string(most)};
  }
  return number;
}

/// Words that CLI11 would not leave as they are come with a mark (see app.cpp).
std::string unmarked(std::string word) {
  if (!word.empty() && word.front() == '\x01') word.erase(0, 1);
  return word;
}

void dress(CLI::Option* option, const std::string& scope, const OptionText& text, const std::string& type) {
  option->envname(variable_of(scope, text.names));
  option->type_name(text.type.empty() ? type : text.type);
  if (!text.fallback.empty()) option->default_str(text.fallback);
}

}  // namespace

std::string variable_of(const std::string& scope, const std::string& names) {
  const std::size_t dashes = names.find("--");
  std::string name = "BRIGADE_" + scope;
  for (const char c : names.substr(dashes + 2, names.find(',', dashes) - dashes - 2)) {
    name += c == '-' ? '_' : static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
  }
  return name;
}

Declare::Declare(CLI::App& app, std::string scope) : app_(&app), scope_(std::move(scope)) {
  app_->set_help_flag();
  app_->fallthrough();
  app_->require_subcommand(0, 1);
}

Declare Declare::command(const std::string& name, const std::string& help, Action action, const std::string& scope) {
  auto command = std::make_shared<CommandApp>(help, name, app_);
  command->action = std::move(action);
  app_->add_subcommand(command);
  return Declare(*command, scope);
}

void Declare::hide() {
  app_->group("");
  static_cast<CommandApp*>(app_)->hidden = true;
}

void Declare::examples(const std::string& text) {
  static_cast<CommandApp*>(app_)->examples = text;
}

void Declare::flag(const OptionText& text, bool& value) {
  CLI::Option* option = app_->add_flag(text.names, value, text.help);
  option->envname(variable_of(scope_, text.names));
  option->default_str(text.fallback.empty() ? "off" : text.fallback);
}

void Declare::text(const OptionText& text, std::string& value) {
  CLI::Option* option = app_->add_option(text.names, value, text.help);
  option->multi_option_policy(CLI::MultiOptionPolicy::TakeLast);
  dress(option, scope_, text, "TEXT");
  if (text.fallback.empty()) option->default_str(value.empty() ? "none" : value);
}

void Declare::texts(const OptionText& text, std::vector<std::string>& value) {
  CLI::Option* option = app_->add_option_function<std::vector<std::string>>(
      text.names,
      [&value](const std::vector<std::string>& words) {
        value.clear();
        for (const std::string& word : words) value.push_back(unmarked(word));
      },
      text.help);
  option->expected(1)->multi_option_policy(CLI::MultiOptionPolicy::TakeAll);
  dress(option, scope_, text, "TEXT");
  if (text.fallback.empty()) option->default_str("none");
}

void Declare::choice(const OptionText& text, std::string& value, const std::vector<std::string>& choices) {
  std::string all;
  for (const std::string& word : choices) all += (all.empty() ? "" : "|") + word;
  CLI::Option* option = app_->add_option(text.names, value, text.help);
  option->multi_option_policy(CLI::MultiOptionPolicy::TakeLast);
  option->check(CLI::Validator(
      [choices, all](std::string& word) {
        if (std::find(choices.begin(), choices.end(), word) != choices.end()) return std::string();
        std::string message = "'" + word + "' is none of " + all;
        if (const auto near = base::nearest(word, choices)) message += "; did you mean " + *near + "?";
        return message;
      },
      ""));
  dress(option, scope_, text, all);
  if (text.fallback.empty()) option->default_str(value);
}

void Declare::duration(const OptionText& text, std::optional<Duration>& value) {
  CLI::Option* option = app_->add_option_function<std::string>(
      text.names,
      [&value](const std::string& word) {
        if (auto parsed = base::parse_duration(word)) value = *parsed;
      },
      text.help);
  option->multi_option_policy(CLI::MultiOptionPolicy::TakeLast);
  option->check(checked([](const std::string& word) { return base::parse_duration(word); }));
  dress(option, scope_, text, "DURATION");
}

void Declare::size(const OptionText& text, std::optional<std::uint64_t>& value) {
  CLI::Option* option = app_->add_option_function<std::string>(
      text.names,
      [&value](const std::string& word) {
        if (auto parsed = base::parse_size(word)) value = *parsed;
      },
      text.help);
  option->multi_option_policy(CLI::MultiOptionPolicy::TakeLast);
  option->check(checked([](const std::string& word) { return base::parse_size(word); }));
  dress(option, scope_, text, "SIZE");
}

void Declare::number(const OptionText& text, std::optional<std::uint64_t>& value, std::uint64_t least,
                     std::uint64_t most) {
  CLI::Option* option = app_->add_option_function<std::string>(
      text.names,
      [&value](const std::string& word) {
        if (auto parsed = base::parse_number(word)) value = *parsed;
      },
      text.help);
  option->multi_option_policy(CLI::MultiOptionPolicy::TakeLast);
  option->check(checked([least, most](const std::string& word) { return parse_within(word, least, most); }));
  dress(option, scope_, text, "N");
}

void Declare::integer(const OptionText& text, std::optional<std::int64_t>& value, std::int64_t least,
                      std::int64_t most) {
  CLI::Option* option = app_->add_option_function<std::string>(
      text.names,
      [&value, least, most](const std::string& word) {
        if (auto parsed = parse_integer(word, least, most)) value = *parsed;
      },
      text.help);
  option->multi_option_policy(CLI::MultiOptionPolicy::TakeLast);
  option->check(checked([least, most](const std::string& word) { return parse_integer(word, least, most); }));
  dress(option, scope_, text, "N");
}

void Declare::words(const std::string& name, const std::string& help, std::vector<std::string>& value) {
  app_->add_option_function<std::vector<std::string>>(
          name,
          [&value](const std::vector<std::string>& words) {
            value.clear();
            for (const std::string& word : words) value.push_back(unmarked(word));
          },
          help)
      ->type_name("");
}

}  // namespace brigade::cli
