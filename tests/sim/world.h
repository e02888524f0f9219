// Time and chance of one run: a queue of what is going to happen, and the one generator that everything draws from.
#pragma once

#include <cstdint>
#include <functional>
#include <random>
#include <string>
#include <vector>

#include "proto/model/time.h"
#include "tests/sim/options.h"
#include "tests/sim/trace.h"

namespace brigade::sim {

using Action = std::function<void()>;
using namespace std::chrono_literals;

class World {
 public:
  explicit World(const Options& options);

  Instant instant() const { return now_; }
  Now now() const;
  /// The wall clock jumps; the monotonic one does not.
  void shift_wall_clock(std::chrono::milliseconds by) { wall_shift_ms_ += by.count(); }

  /// Happens at that time, after what was planned for the same time before.
  void at(Instant when, Action action);
  void after(Duration wait, Action action) { at(now_ + wait, std::move(action)); }
  /// Lets the next thing happen. False: nothing is planned any more.
  bool step();
  std::uint64_t events() const { return events_; }

  /// 0..n-1. REQUIRES: n > 0.
  std::uint64_t below(std::uint64_t n) { return random_() % n; }
  /// from..to, both included.
  std::uint64_t between(std::uint64_t from, std::uint64_t to) { return from + below(to - from + 1); }
  Duration between(Duration from, Duration to);
  bool chance(unsigned percent) { return below(100) < percent; }
  std::uint64_t random() { return random_(); }

  /// The run is over: this must not be.
  void fail(const std::string& why);
  const std::string& failure() const { return failure_; }
  bool failed() const { return !failure_.empty(); }

  Trace& trace() { return trace_; }
  const Trace& trace() const { return trace_; }
  void note(Actor actor, std::string_view verb, std::string_view noun = {}, std::array<std::uint64_t, 3> numbers = {}) {
    trace_.add(now_, actor, verb, noun, numbers);
  }
  const Options& options() const { return options_; }
  bool has(Bug bug) const { return options_.bug == bug; }

 private:
  struct Planned {
    Instant when;
    std::uint64_t order;
    Action action;
    bool operator<(const Planned& other) const {  // the heap's top is what comes first
      return when != other.when ? when > other.when : order > other.order;
    }
  };

  Options options_;
  std::mt19937_64 random_;
  Instant now_{};
  std::int64_t wall_shift_ms_ = 0;
  std::uint64_t orders_ = 0, events_ = 0;
  std::vector<Planned> queue_;
  std::string failure_;
  Trace trace_;
};

}  // namespace brigade::sim
