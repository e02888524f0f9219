// The worker's core: its session with the broker. A deterministic state machine without socket, clock or thread.
//
//   away     no session; a Hello is under way, or the next attempt waits      away -> standing on Welcome
//   standing leases come, blocks go                                           standing -> away on silence or Refused
//   ended    after Exit
// A lease is held until all of its tasks are reported (or given back) and every block of it is acknowledged; it
// outlives connections: each Hello lists what is held, and unacknowledged blocks are sent again.
#pragma once

#include <map>
#include <random>
#include <set>

#include "proto/model/runs.h"
#include "worker/core/events.h"
#include "worker/core/permits.h"

namespace brigade::worker {

struct SessionSettings {
  Duration silence_limit = std::chrono::milliseconds(3500);
  /// After so long without a word the worker speaks first: a broker that was restarted answers that it knows no
  /// session.
  Duration speak_after = std::chrono::milliseconds(600);
  Duration backoff_first = std::chrono::milliseconds(50);
  Duration backoff_max = std::chrono::seconds(5);
};

class Session {
 public:
  explicit Session(SessionSettings settings) : settings_(settings) {}

  /// REQUIRES: the first event is Started; `now` never goes back.
  void on(Event event, Instant now, Commands& out);
  Instant next_deadline() const;
  void check_invariants() const;

  bool standing() const { return phase_ == Phase::standing; }
  bool ended() const { return phase_ == Phase::ended; }
  std::size_t leases_held() const { return held_.size(); }
  std::size_t blocks_unacknowledged() const { return blocks_.size(); }

 private:
  enum class Phase { away, standing, ended };
  struct Holding {
    JobId job;
    Lane lane = Lane::threads;
    RunSet unfinished;
    RunSet returned;                 ///< said again after a reconnect: the first word may be lost
    std::set<std::uint64_t> blocks;  ///< unacknowledged
  };

  void on_message(Message message, Instant now, Commands& out);
  void on_lease(Lease lease, Instant now, Commands& out);
  void on_block(const BlockReady& ready, Commands& out);
  void on_stored(std::uint64_t sequence, Instant now, Commands& out);
  void on_given_back(const GivenBack& given, Commands& out);
  void on_abort(JobId job, Commands& out);
  void on_refused(const Refused& refused, Instant now, Commands& out);
  void on_time(Instant now, Commands& out);
  void on_stop(Instant now, Commands& out);

  void say_hello(Instant now, Commands& out);
  void go_away(Duration wait, Instant now, Commands& out);
  Duration next_backoff();
  void drain(Instant now, Commands& out);
  void leave_if_done(Commands& out);
  void leave(std::string reason, Commands& out);
  void release_if_done(std::map<LeaseId, Holding>::iterator holding);
  Heartbeat heartbeat() const;
  const KindOffer* offer(const std::string& kind) const;

  SessionSettings settings_;
  Started self_;
  std::mt19937_64 random_;
  Phase phase_ = Phase::away;
  bool connected_ = false;  ///< away, but a Hello is under way
  Instant heard_{};         ///< standing: the broker's last word; away: when to try again, or give up this try
  Instant spoken_{};        ///< the last heartbeat without being asked
  Instant idle_since_{};
  Instant drain_until_ = kNever;
  bool draining_ = false;
  bool stop_requested_ = false;
  std::uint32_t attempts_ = 0;
  LeaseId last_lease_;
  PermitBook permits_;
  std::map<LeaseId, Holding> held_;
  std::map<std::uint64_t, LeaseId> blocks_;  ///< unacknowledged
};

}  // namespace brigade::worker
