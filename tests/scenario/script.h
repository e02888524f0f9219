// Reading stories: text files of events and of what must come out of a core after each.
#pragma once

#include <array>
#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "proto/model/ids.h"
#include "proto/model/result.h"
#include "proto/model/runs.h"
#include "proto/model/time.h"

namespace brigade::scenario {

/// Ends the program: the story itself is wrong, there is nothing to test.
[[noreturn]] void bad_story(const std::string& what);

/// An event, or a line that is kept as it is (a comment, an empty line).
struct Step {
  std::string text;
  bool is_event = false;
  std::vector<std::string> expected;  ///< lines that begin with `->`, without it; wrapped lines are joined
};

std::vector<Step> read_story(const std::filesystem::path& file);
void write_story(const std::filesystem::path& file, const std::vector<Step>& steps);

/// The words of an event: some by place, `key=value` options and flags anywhere. Quotes hold spaces together.
class Line {
 public:
  explicit Line(const std::string& text);

  std::string next();
  bool has_more() const { return !words_.empty(); }
  /// Takes the next word if it is this one.
  bool accept(const std::string& word);
  std::optional<std::string> option(const std::string& key);
  std::string option_or(const std::string& key, const std::string& otherwise) {
    return option(key).value_or(otherwise);
  }
  std::uint64_t number_or(const std::string& key, std::uint64_t otherwise);
  Duration duration_or(const std::string& key, Duration otherwise);
  /// Takes the word out, wherever it stands.
  bool flag(const std::string& word);
  /// Whatever was not understood is a mistake in the story.
  void finish() const;

 private:
  std::string text_;
  std::vector<std::string> words_;
};

std::uint64_t number(const std::string& text);
std::vector<std::string> split(const std::string& text, char separator);
/// `250ms`, `3.5s`, `2us`, `1h`, `7d`.
Duration duration(const std::string& text);
std::string show(Duration duration);
/// `0..4,7,9..12`: both ends are in it.
Runs runs(const std::string& text);
Run run(const std::string& text);
std::string show(const Runs& runs);
std::string show(Run run);
std::string show(ErrorCode code);
ErrorCode error_code(const std::string& name);
std::string show(const Error& error);

/// Short names for ids: what the story or a core mentions first gets the next one.
template <class IdType>
class Names {
 public:
  /// The id of this name; unknown ones are made by `make`.
  template <class Make>
  IdType id(const std::string& name, Make make) {
    if (const auto it = ids_.find(name); it != ids_.end()) return it->second;
    const IdType id = make();
    put(name, id);
    return id;
  }
  void put(const std::string& name, IdType id) {
    ids_[name] = id;
    names_[id] = name;
  }
  /// The name of this id; an unknown one becomes prefix1, prefix2, … in the order of appearance.
  std::string name(IdType id, const std::string& prefix) {
    if (const auto it = names_.find(id); it != names_.end()) return it->second;
    std::string name;
    do name = prefix + std::to_string(++last_);
    while (ids_.contains(name));
    put(name, id);
    return name;
  }
  const std::map<std::string, IdType>& all() const { return ids_; }

 private:
  std::map<std::string, IdType> ids_;
  std::map<IdType, std::string> names_;
  std::uint64_t last_ = 0;
};

/// A core with the names and the clock of its story.
class Runner {
 public:
  virtual ~Runner() = default;
  /// Gives the core one event; what came out, line by line.
  virtual std::vector<std::string> play(Line line) = 0;
};

}  // namespace brigade::scenario
