// What happened, in order: its last part as text for a failing seed, all of it as a hash that tells two runs apart.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "proto/model/messages.h"

namespace brigade::sim {

/// Who did something: 'b' the broker, 'w' a worker, 'c' a client, 's' the store, 'x' a fault; and which of them.
struct Actor {
  char kind = 'x';
  unsigned number = 0;
};

class Trace {
 public:
  /// `verb` and `noun` must be literals or otherwise outlive the trace.
  void add(Instant at, Actor actor, std::string_view verb, std::string_view noun = {},
           std::array<std::uint64_t, 3> numbers = {});
  /// Mixes further bytes into the hash, without a line.
  void mix(std::string_view bytes);

  std::uint64_t hash() const { return hash_; }
  void set_print(bool print) { print_ = print; }
  /// The last lines, oldest first.
  std::vector<std::string> last() const;

 private:
  struct Entry {
    Instant at{};
    Actor actor;
    std::string_view verb, noun;
    std::array<std::uint64_t, 3> numbers{};
  };
  static constexpr std::size_t kKept = 100;
  static std::string text_of(const Entry& entry);

  std::array<Entry, kKept> ring_{};
  std::uint64_t count_ = 0;
  std::uint64_t hash_ = 0xCBF2'9CE4'8422'2325;
  bool print_ = false;
};

/// A message's name, and the numbers that tell it from others of its name.
std::string_view name_of(const Message& message);
std::array<std::uint64_t, 3> numbers_of(const Message& message);

}  // namespace brigade::sim
