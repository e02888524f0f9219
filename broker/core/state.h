// All that the broker knows, in one place; the files beside this one are what it does with it.
//
//   sessions   Hello, signs of life, the end of a session     uploads   Open, Chunk, Seal
//   placement  who gets the next lease, and how large         outcomes  blocks, retries, lost and returned tasks
//   crew       the workers of a job that may be with so many
//   reclaim    what is asked back from long queues            shares    what clients and jobs were given
//   permits    when the requests of a job with limits go   permit_desk  where workers ask for them
//   hedge      a second run of stragglers
//   roster     which workers have room, and for what          readers   results and progress to clients
//   answers    questions and orders of clients
#pragma once

#include <array>
#include <deque>
#include <map>
#include <optional>
#include <random>
#include <set>
#include <string>
#include <string_view>
#include <unordered_map>
#include <unordered_set>
#include <variant>
#include <vector>

#include "broker/core/events.h"
#include "broker/core/job.h"
#include "broker/core/ranking.h"
#include "broker/core/settings.h"

namespace brigade::broker {

/// A slice of a job given to one worker.
struct Held {
  LeaseId id;
  JobId job;
  PeerId worker;
  Run run;
  RunSet open;  ///< not reported, returned or lost yet
  Trial trial;  ///< of its tasks, before this execution
  Lane lane = Lane::threads;
  std::uint32_t cap = 1;  ///< most tasks of it that the worker runs at once
  Instant granted{};
  Instant progressed{};  ///< its latest block
  float queued_ms = 0;
  bool reclaiming = false;
  bool hedge = false;  ///< a second run: another lease has the tasks (hedge.h)

  /// Slots that it fills at its worker.
  std::uint32_t units() const { return static_cast<std::uint32_t>(std::min<std::uint64_t>(open.count(), cap)); }
};

struct Worker {
  PeerId peer;
  InstanceId instance;
  std::string address;
  std::string name, host, version;
  std::uint32_t pid = 0;
  std::array<std::uint32_t, kLanes> slots{};
  std::array<std::uint32_t, kLanes> busy{};
  std::vector<KindOffer> kinds;
  std::set<LeaseId> leases;                           ///< ascending: in the order they were granted
  std::array<std::uint64_t, kLanes> units{};          ///< sum over its leases
  std::array<std::uint64_t, kLanes> open_tasks{};     ///< likewise
  std::unordered_map<JobId, std::uint32_t> units_of;  ///< likewise, by job
  std::array<std::optional<double>, kLanes> room{};   ///< its place in State::open, if it has one
  bool enlisted = false;                              ///< counted in State::supplies
  bool draining = false;
  bool reserved = false;   ///< gets nothing more until it is empty, then a suspect lease
  bool exclusive = false;  ///< holds a suspect lease, and nothing beside it
  Instant heard{};
  std::uint64_t finished_tasks = 0;

  const KindOffer* offer(std::string_view kind) const;
};

/// A client's connection. Who the client *is*, for shares, is its `identity`.
struct Client {
  PeerId peer;
  std::string identity;
  std::string address;
  Instant heard{};
  std::uint64_t uploading_bytes = 0;  ///< of chunks not stored yet
};

/// What a client's jobs have been given together: time of workers' slots.
struct Share {
  double ran_ms = 0;
  double leased_ms = 0;  ///< what its leases will take, by the cost of their tasks so far
  std::uint64_t unfinished_jobs = 0;
  /// By priority: `ran_ms` of the job that was granted a lease last. A job that comes begins there.
  std::map<std::int32_t, double> clocks;

  double given_ms() const { return ran_ms + leased_ms; }
};

/// What the workers that are not draining could take of a kind, all together.
struct Supply {
  Lane preferred = Lane::threads;  ///< as the first of them said
  std::uint32_t workers = 0;
  std::array<std::uint64_t, kLanes> slots{};
  std::array<std::uint64_t, kLanes> with_slots{};  ///< workers
};

struct Reader {
  PeerId peer;
  Read read;
  std::uint64_t next = 0;
  std::uint64_t offset = 0;       ///< bytes of the value at `next` that were sent
  std::int64_t credit_bytes = 0;  ///< below 0: what a page weighed too much is a debt
  bool busy = false;              ///< a page is on its way out; PageSent or PageUnreadable follows
};

/// What is to be said once a write is on disk.
struct ChunkPending {
  PeerId peer;
  JobId job;
  std::uint64_t sequence;
  std::uint64_t bytes;
};
struct SealPending {
  JobId job;
};
struct BlockPending {
  JobId job;
  std::uint64_t position;
};
struct AcknowledgePending {
  PeerId worker;
  std::uint64_t block;
};
struct AnswerPending {
  PeerId client;
  Answer answer;
  JobId job;  ///< told in the answer, as it is then
};
struct Pending {
  Sequence sequence;
  std::uint64_t bytes = 0;  ///< of the write, roughly
  std::variant<std::monostate, ChunkPending, SealPending, BlockPending, AcknowledgePending, AnswerPending> then;
};

struct State {
  Settings settings;
  std::mt19937_64 random;
  Started self;
  Instant started{};
  std::uint64_t epoch = 0;
  std::string trouble;            ///< why the store takes nothing now
  std::uint64_t store_bytes = 0;  ///< what it holds, as last told

  std::unordered_map<JobId, Job> jobs;
  std::map<std::string, JobId> by_key;
  std::vector<JobId> accepted;                  ///< sealed jobs in the order of acceptance
  std::array<Ranking, kLanes> runnable;         ///< jobs with ready or suspect tasks of a kind that is offered
  std::set<JobId> suspects;                     ///< those with suspect tasks
  std::set<JobId> limited;                      ///< those with permits
  std::set<JobId> hedging;                      ///< unfinished ones that want it
  std::map<std::string, Share> shares;          ///< by client identity
  double shares_clock = 0;                      ///< `ran_ms` of the client that was granted a lease last
  std::set<std::pair<Instant, JobId>> wakeups;  ///< retries due and deadlines; an old entry does no harm

  std::unordered_map<PeerId, Worker> workers;
  std::unordered_map<InstanceId, PeerId> instances;
  std::map<std::string, Supply, std::less<>> supplies;           ///< by kind; only kinds that are offered
  std::array<std::set<std::pair<double, PeerId>>, kLanes> open;  ///< workers with room, the emptiest first
  std::set<PeerId> reserved;                                     ///< see Worker::reserved
  std::unordered_map<PeerId, Client> clients;
  std::unordered_map<LeaseId, Held> leases;
  std::uint64_t last_lease = 0;

  std::map<std::pair<PeerId, RequestId>, Reader> readers;
  std::unordered_map<JobId, std::set<std::pair<PeerId, RequestId>>> readers_of;
  std::unordered_map<JobId, std::set<PeerId>> watchers;
  std::set<JobId> changed;  ///< watched jobs whose counters changed since the last telling

  std::deque<Pending> pending;
  std::uint64_t unstored_bytes = 0;  ///< of all these
  std::uint64_t last_sequence = 0;

  Instant next_ping = kNever;
  Instant next_telling = kNever;
  Instant next_keeping = kNever;
  Instant next_reclaim{};        ///< queues are not looked at again before
  Instant reclaim_due = kNever;  ///< but should be then
  Instant next_hedge{};          ///< stragglers are not looked for before
  Instant hedge_due = kNever;    ///< but should be then
  std::uint64_t malformed = 0, stale = 0;
  bool idle_hands = false;  ///< something happened since the last placement

  Job* job(JobId id);
  Worker* worker(PeerId peer);
  Held* lease(LeaseId id);
  JobId new_job_id();
  LeaseId new_lease_id();
  /// In this life of the broker, or perhaps in an earlier one.
  bool was_granted(LeaseId id) const;
};

/// Queues a write, and what to do once it is on disk.
template <class Then>
void append(State& state, Write write, Then then, Commands& out) {
  const Sequence sequence{++state.last_sequence};
  const std::uint64_t bytes = payload_bytes(write);
  state.unstored_bytes += bytes;
  state.pending.push_back({sequence, bytes, std::move(then)});
  out.push_back(Append{sequence, std::move(write)});
}

/// Says BlockStored once everything that is queued now is on disk.
void acknowledge_when_stored(State& state, PeerId worker, std::uint64_t block, Commands& out);
/// The same for the answer to an order: it is carried out when it cannot be lost any more.
void answer_when_stored(State& state, AnswerPending answer, Commands& out);
void send(PeerId to, Message message, Commands& out);
/// Notes that a job's tasks, their states or their cost changed: it may be runnable now, or not any more, and what it
/// and its client were given counts anew.
void touch(State& state, Job& job);

}  // namespace brigade::broker
