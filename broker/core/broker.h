// The broker's core: a deterministic state machine. Events and the time go in, commands come out in the order in which
// they are to be carried out. No socket, clock, thread, file or payload in here.
//
// States of a task:  ready -> leased -> ok | failed        leased -> ready (lost, returned)
//                    leased -> delayed -> ready (retry)    any live state -> cancelled
//                    ready | delayed -> ok (a late success of an earlier lease)      final states absorb
// Promises: a job is accepted, and an outcome acknowledged or shown, only after Committed says that it is on disk; of
// each task one final outcome is recorded; a failure counts only from the lease that has the task.
#pragma once

#include "broker/core/events.h"
#include "broker/core/settings.h"
#include "broker/core/state.h"

namespace brigade::broker {

class Broker {
 public:
  explicit Broker(Settings settings);

  /// REQUIRES: the first event is Started; `now` never goes back; Committed comes in order.
  void on(Event event, Now now, Commands& out);
  /// When TimePassed is wanted at the latest.
  Instant next_deadline() const;
  /// Ends the process when a sum or set contradicts another. Costs as much as the state is large.
  void check_invariants() const;
  const State& state() const { return state_; }

 private:
  void on_started(Started started, Now now, Commands& out);
  void on_message(MessageArrived& arrived, Now now, Commands& out);
  void on_worker_message(Worker& worker, const Message& message, Now now, Commands& out);
  void on_client_message(Client& client, const Message& message, Now now, Commands& out);
  void on_committed(Sequence sequence, Now now, Commands& out);
  void on_time(Now now, Commands& out);

  State state_;
};

}  // namespace brigade::broker
