// Where the tasks of jobs with limits wait for a permit before each of their requests. The kinds and executors are on
// one side, the worker's loop, which talks to the broker, on the other. Nobody comes here for a job without limits.
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <mutex>
#include <stop_token>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "proto/base/os.h"
#include "proto/model/ids.h"
#include "proto/model/messages.h"
#include "proto/model/runs.h"
#include "proto/model/time.h"

namespace brigade::worker {

/// What a request goes to, as far as limits are concerned. `id` is a hash of the name.
struct Target {
  TargetId id;
  std::string name;
};
Target target_of(std::string name);

/// Thread-safe.
class PermitGate {
 public:
  /// `permits_last`: so long after its instant a permit may be used.
  explicit PermitGate(Duration permits_last = kPermitLasts) : permits_last_(permits_last) {}
  Duration permits_last() const { return permits_last_; }

  using Ticket = std::uint64_t;
  enum class Answer : std::uint8_t {
    permit,
    withdrawn,  ///< the task was given back: it has not started
    stopped,
  };
  struct Reply {
    Answer answer = Answer::stopped;
    Instant from{};  ///< a permit's instant; it lapses permits_last() later
  };
  struct Question {
    JobId job;
    Target target;
    bool counted = false;  ///< permits are limited per target, so the broker must hear when the request is over
    LeaseId lease;
    std::uint64_t index = 0;  ///< of the task
    bool first = true;        ///< the task has made no request yet: it may be given back
    bool again = false;       ///< a permit of it has lapsed: before all others
  };

  // ---- Tasks, from any thread
  /// `answered` is called once, by whoever answers, and must not call back. Then reply() says what.
  Ticket ask(Question question, std::function<void()> answered);
  /// Forgets the ticket. REQUIRES: answered.
  Reply reply(Ticket ticket);
  /// Answers `stopped`, unless it was answered before.
  void stop(Ticket ticket);
  /// A permit's request is over, or was never made.
  void ended(const Question& question);
  void hold(const Question& question, Duration wait);

  // ---- The worker's loop
  /// Answers `withdrawn` to the tasks of the lease that have made no request. They will not.
  Runs withdraw(LeaseId lease);
  /// So many that wait for this job and target have permits, for instants of this worker's clock.
  void admit(JobId job, TargetId target, std::uint32_t count, Instant first, Duration spacing);
  struct News {
    JobId job;
    Target target;
    bool counted = false;
    std::uint32_t wanted = 0, unwanted = 0, ended = 0;
    Duration hold{};
  };
  /// What has happened since the last call. After it fd() becomes readable when there is more.
  std::vector<News> collect();
  int fd() const { return wake_.fd(); }

 private:
  using Key = std::pair<JobId, TargetId>;
  struct Waiter {
    Question question;
    std::function<void()> answered;
    Reply reply;
  };
  struct Line {
    std::deque<Ticket> waiting;
    News news;
    bool noted = false;  ///< named in noted_
  };
  Line& line_of(const Question& question);
  void note(const Key& key, Line& line);
  void leave(Ticket ticket, const Waiter& waiter);

  const Duration permits_last_;
  base::EventFd wake_;
  std::mutex mutex_;
  Ticket last_ticket_ = 0;
  std::unordered_map<Ticket, Waiter> tickets_;
  std::map<Key, Line> lines_;
  std::vector<Key> noted_;
};

/// One task's permits, as its kind sees them.
class TaskPermits {
 public:
  /// Told when the task begins to wait, and when it goes on: that time counts for nothing.
  struct Edge {
    std::function<void()> waits;
    std::function<void(Duration waited)> goes_on;
  };
  TaskPermits(PermitGate& gate, PermitGate::Question question, Edge edge)
      : gate_(&gate), question_(std::move(question)), edge_(std::move(edge)) {}

  /// Waits for a permit of the target, blocking. False: the task is over, its ending is of no interest.
  bool pass(const Target& target, const std::stop_token& stop);
  /// The request that pass() let through has ended: with its answer, or without.
  void ended();
  /// The target of the last pass() asks not to be asked for so long.
  void hold(Duration wait) { gate_->hold(question_, wait); }

  bool withdrawn() const { return withdrawn_; }
  /// In all.
  Duration waited() const { return waited_; }

  /// A wait for something else, which counts for nothing either; begin_to_wait() and go_on() in turns.
  void begin_to_wait();
  void go_on();

  // For whoever waits in another way (gate_loop.h): begin(), then ask() and may_go() until it says so, then over().
  void begin(const Target& target);
  PermitGate::Ticket ask(std::function<void()> answered) { return gate_->ask(question_, std::move(answered)); }
  PermitGate& gate() { return *gate_; }
  /// Whether the permit is still good. Otherwise it is given back, and the task must ask again.
  bool may_go(const PermitGate::Reply& reply);
  bool over(PermitGate::Answer answer);

 private:
  PermitGate* gate_;
  PermitGate::Question question_;
  Edge edge_;
  Instant since_{};
  Duration waited_{};
  bool holding_ = false;
  bool withdrawn_ = false;
};

}  // namespace brigade::worker
