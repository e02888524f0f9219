// When a job's workers may make requests: the limits of one job, which hold across all of its workers.
//
// A permit is for one request at one instant. The instants of a job are `spacing` apart and are never given twice, so
// what a worker leaves unused adds to nobody's share. A worker uses a permit at its instant or up to kPermitLasts
// later. What is sent within one second therefore belongs to instants within a second and kPermitLasts; these are
// spaced so much wider that there are R of them, or R + 1 where both ends count, for a rate of R in a second.
//
// The broker knows what waits where only as numbers, by target and worker: nothing in here is kept for each task.
// A target is kept while something waits for it, has a permit for it, or it must be left alone for a while.
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "proto/model/ids.h"
#include "proto/model/job.h"
#include "proto/model/messages.h"

namespace brigade::broker {

class Permits {
 public:
  /// Permits are given this long ahead at most, so that a message or a thread that is late by less delays nobody; not
  /// for longer, so that what waits can still be taken back and workers take turns.
  static constexpr Duration kLead = std::chrono::milliseconds(50);
  /// Targets remembered only because they must be left alone: what is asked of more of them is not kept.
  static constexpr std::size_t kRestingMax = 65'536;

  /// No permit is for an instant before `from`. REQUIRES: limits.any().
  Permits(const Limits& limits, Instant from);

  struct Granted {
    PeerId worker;
    TargetId target;
    std::uint32_t count = 0;
    Instant first{};
    Duration spacing{};
    bool operator==(const Granted&) const = default;
  };

  void want(PeerId worker, const Want& want, Instant now);
  /// More than the worker has or wants counts as all of it.
  void release(PeerId worker, const Release& release, Instant now);
  void hold(const Hold& hold, Instant now);
  /// The worker is gone: its permits return, and it wants nothing more.
  void forget(PeerId worker, Instant now);
  /// What can be given now, in turns.
  std::vector<Granted> grant(Instant now);
  /// When to call grant() again, if nothing else happens.
  Instant next_look() const;

  struct Sums {
    std::uint64_t wanted = 0;  ///< requests that wait
    std::uint64_t in_use = 0;  ///< permits, counted only where there is a limit per target
    bool operator==(const Sums&) const = default;
  };
  Sums of_worker(PeerId worker) const;
  /// Requests that wait, all together.
  std::uint64_t wanted() const { return wanted_; }
  /// Permits in use, counted only where there is a limit per target.
  std::uint64_t in_use(TargetId target) const;
  const Limits& limits() const { return limits_; }

  /// A target that something waits for although the job's own rate would allow it.
  struct Blocked {
    std::string name;
    std::uint64_t wanted = 0;
    bool full = false;  ///< as many are under way as may be
    bool held = false;  ///< it asked for a pause
    Instant until{};    ///< unless it is full
  };
  /// `most` of them at most: for people.
  std::vector<Blocked> blocked(Instant now, std::size_t most) const;

  void check_invariants() const;

 private:
  struct Part {  ///< of one worker
    std::uint32_t wanted = 0;
    std::uint32_t in_use = 0;
  };
  struct Target {
    std::string name;
    Instant free{};         ///< no permit before
    bool held = false;      ///< `free` is what the target asked for
    bool in_line = false;   ///< named in ready_
    bool sleeping = false;  ///< named in asleep_ with `free`
    bool resting = false;   ///< and counted in resting_
    std::uint64_t wanted = 0, in_use = 0;
    std::map<PeerId, Part> parts;
    std::deque<PeerId> turns;  ///< workers that want, each once
  };
  using Targets = std::map<TargetId, Target>;

  bool is_full(const Target& target) const { return limits_.per_target > 0 && target.in_use >= limits_.per_target; }
  Targets::iterator target_of(TargetId id, const std::string& name);
  void settle(Targets::iterator entry, Instant now);
  void set_free(Targets::iterator entry, Instant free);
  void take_off(Target& target, PeerId worker, std::uint32_t wanted, std::uint32_t in_use);
  std::uint32_t room(const Target& target, Instant slot, Instant now) const;
  Granted take_turn(Targets::iterator entry, Instant slot, Instant now);
  void wake(Instant now);

  Limits limits_;     // its spacings are widened by kPermitLasts in a second
  Instant next_;      // of the job's rate
  Instant looked_{};  // the last grant()
  Targets targets_;
  std::deque<TargetId> ready_;                     // something could be given to them, but for the job's rate
  std::set<std::pair<Instant, TargetId>> asleep_;  // must be left alone until then
  std::size_t resting_ = 0;                        // of them, those that nothing waits for
  std::map<PeerId, Sums> sums_;                    // over the targets
  std::uint64_t wanted_ = 0;
};

}  // namespace brigade::broker
