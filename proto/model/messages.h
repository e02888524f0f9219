// Everything two Brigade processes say to each other, as values. docs/PROTOCOL.md tells the rules.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "proto/model/ids.h"
#include "proto/model/job.h"
#include "proto/model/outcome.h"
#include "proto/model/result.h"
#include "proto/model/runs.h"
#include "proto/model/time.h"

namespace brigade {

/// Raised with every change that an older peer would misread; both sides must have the same.
inline constexpr std::uint32_t kProtocolVersion = 1;

// ---- Sessions ----------------------------------------------------------------------------------------------------

/// A lease that a worker brings along after a reconnect, with what it has not finished.
struct HeldLease {
  LeaseId lease;
  JobId job;
  Runs unfinished;
  bool operator==(const HeldLease&) const = default;
};

/// A worker's first message on a connection.
struct WorkerHello {
  std::uint32_t protocol = kProtocolVersion;
  InstanceId instance;
  std::string name, host, version;
  std::uint32_t pid = 0;
  std::array<std::uint32_t, kLanes> slots{};  ///< most tasks at once: threads, transfers
  std::vector<KindOffer> kinds;
  std::vector<HeldLease> held;
  bool draining = false;
  bool operator==(const WorkerHello&) const = default;
};

/// A client's first message on a connection.
struct ClientHello {
  std::uint32_t protocol = kProtocolVersion;
  std::string version;
  std::uint32_t pid = 0;
  bool operator==(const ClientHello&) const = default;
};

/// The broker's answer to either Hello: the session stands.
struct Welcome {
  std::uint64_t epoch = 0;
  std::string version;
  std::uint64_t upload_credit_bytes =
      0;  ///< most weight_of() chunks sent and not yet answered; one alone may be heavier
  bool operator==(const Welcome&) const = default;
};

/// The session cannot stand (version, no Hello, malformed, credit exceeded); the peer is forgotten.
struct Refused {
  Error error;
  bool operator==(const Refused&) const = default;
};

/// From the broker to every peer: a sign of life that wants one back.
struct Ping {
  bool operator==(const Ping&) const = default;
};

/// A client's answer to Ping.
struct Pong {
  bool operator==(const Pong&) const = default;
};

/// A worker's answer to Ping. A lease up to `last_lease` that is not in `held` is lost.
struct Heartbeat {
  LeaseId last_lease;
  std::vector<LeaseId> held;
  std::array<std::uint32_t, kLanes> busy{};
  bool operator==(const Heartbeat&) const = default;
};

/// A worker goes on purpose: it holds nothing any more.
struct Leaving {
  bool operator==(const Leaving&) const = default;
};

// ---- Work --------------------------------------------------------------------------------------------------------

/// What a worker must know of a job to run its tasks.
struct JobBrief {
  std::string kind;
  std::string options;
  Mode mode = Mode::automatic;
  Duration task_timeout{};
  std::optional<Arithmetic> range;
  Limits limits;                 ///< where there are any, each request wants a permit
  std::uint32_t per_worker = 0;  ///< Ceilings::per_worker
  bool operator==(const JobBrief&) const = default;
};

/// Run these tasks. The arguments follow in columns unless the brief has a range.
struct Lease {
  LeaseId id;
  JobId job;
  Run run;
  std::uint32_t attempt = 1;
  bool last_attempt = true;  ///< a failure is final, whatever it is
  JobBrief brief;
  Values arguments;
  bool operator==(const Lease&) const = default;
};

/// Give back what of this lease has not started. Answered with Returned.
struct Reclaim {
  LeaseId lease;
  bool operator==(const Reclaim&) const = default;
};

/// These tasks have not started here and never will under this lease.
struct Returned {
  LeaseId lease;
  Runs runs;
  bool operator==(const Returned&) const = default;
};

/// The job's tasks are of no more use: drop what waits, stop what runs.
struct Abort {
  JobId job;
  bool operator==(const Abort&) const = default;
};

/// Finished tasks; kept by the worker until BlockStored names it.
struct Block {
  std::uint64_t sequence = 0;  ///< the worker's own count, 1, 2, 3, …
  LeaseId lease;
  JobId job;
  UtcMs leased_at{};
  Outcomes outcomes;
  bool operator==(const Block&) const = default;
};

/// The block is on disk (or needed no more): the worker may forget it.
struct BlockStored {
  std::uint64_t sequence = 0;
  bool operator==(const BlockStored&) const = default;
};

/// Take no new work, finish, and leave.
struct Drain {
  bool operator==(const Drain&) const = default;
};

// ---- Permits, for jobs with limits -------------------------------------------------------------------------------

/// So many more requests of this worker wait for a permit.
struct Want {
  JobId job;
  TargetId target;
  std::string name;  ///< the target's, for people
  std::uint32_t count = 0;
  std::uint32_t in_use = 0;  ///< permits of an earlier session whose requests are still under way
  bool operator==(const Want&) const = default;
};

/// Permits, each for one request at an instant of the broker's clock: `first`, and then one per `spacing`. A permit
/// that is not used within kPermitLasts of its instant has lapsed.
struct Grant {
  JobId job;
  TargetId target;
  std::uint32_t count = 0;
  Instant first{};
  Duration spacing{};
  Instant sent{};  ///< by the same clock: so the worker knows what its own clock says at `first`
  bool operator==(const Grant&) const = default;
};
inline constexpr Duration kPermitLasts = std::chrono::milliseconds(10);

/// Permits come back: their requests have ended, or never began. Of jobs without a limit per target only the unused
/// ones are told.
struct Release {
  JobId job;
  TargetId target;
  std::uint32_t permits = 0;
  std::uint32_t unwanted = 0;  ///< requests that wait for a permit no longer
  bool operator==(const Release&) const = default;
};

/// The target asks not to be asked for a while (Retry-After).
struct Hold {
  JobId job;
  TargetId target;
  std::string name;
  Duration wait{};
  bool operator==(const Hold&) const = default;
};
inline constexpr Duration kHoldMax = std::chrono::hours(1);

// ---- Submitting --------------------------------------------------------------------------------------------------

enum class Order : std::uint8_t { completion = 0, input = 1 };

/// Stream a job's results, from a position of its log (completion) or a task number (input).
struct Read {
  RequestId reader;
  JobId job;
  Order order = Order::completion;
  std::uint64_t from = 0;
  bool failed_only = false;
  bool with_arguments = false;     ///< arguments and labels too
  std::uint64_t credit_bytes = 0;  ///< the broker pauses when what it has sent weighs (weight_of) as much or more
  bool follow = true;              ///< until the job is final; else ReadEnded as soon as all there is was sent
  std::uint64_t offset = 0;        ///< bytes of the first row's value that are here already: only the rest is sent
  bool operator==(const Read&) const = default;
};

/// Begin or resume an upload by the spec's key.
struct Open {
  RequestId request;
  JobSpec spec;
  /// Of a range, which needs no chunks: this seals it, as a Seal would, and is answered with Sealed.
  std::optional<ContentHash> hash{};
  std::optional<Read> read{};  ///< with a hash: as in Seal
  bool operator==(const Open&) const = default;
};

/// The answer to an Open that is no seal. Send chunks from `next_chunk` on. When `sealed`, the key's job is complete
/// already.
struct Opened {
  RequestId request;
  JobId job;
  std::uint64_t next_chunk = 0;
  bool sealed = false;
  bool operator==(const Opened&) const = default;
};

/// A piece of the arguments. `labels` are the client's own notes for each task (line, tag, original index); workers
/// never see them.
struct Chunk {
  JobId job;
  std::uint64_t sequence = 0;  ///< 0, 1, 2, …
  std::uint64_t count = 0;
  Values arguments;
  Values labels;
  bool operator==(const Chunk&) const = default;
};

struct ChunkStored {
  JobId job;
  std::uint64_t sequence = 0;
  bool operator==(const ChunkStored&) const = default;
};

/// The upload is whole. For a range, `tasks` is its count and there are no chunks.
struct Seal {
  JobId job;
  std::uint64_t tasks = 0;
  ContentHash hash{};
  std::optional<Read> read{};  ///< begins right after Sealed, as if it came then; its `job` is ignored
  bool operator==(const Seal&) const = default;
};

/// The job is accepted: committed and synced.
struct Sealed {
  RequestId request;  ///< of an Open; else 0
  JobId job;
  bool existed = false;  ///< it was sealed before this Open or Seal
  std::string warning;   ///< for example that no connected worker offers the kind
  bool operator==(const Sealed&) const = default;
};

/// An Open, Chunk or Seal was refused; the upload is over.
struct SubmitRejected {
  RequestId request;  ///< of an Open; else 0
  JobId job;          ///< of a Chunk or Seal; else 0
  Error error;
  bool operator==(const SubmitRejected&) const = default;
};

// ---- Reading -----------------------------------------------------------------------------------------------------

/// The reader has room for so much weight more: it has consumed results of as much.
struct Take {
  RequestId reader;
  std::uint64_t bytes = 0;
  bool operator==(const Take&) const = default;
};

struct StopReading {
  RequestId reader;
  bool operator==(const StopReading&) const = default;
};

/// Results in the order asked for. Row i comes from `origins[origin[i]]`.
struct Results {
  RequestId reader;
  JobId job;
  std::uint64_t next = 0;  ///< the cursor after these; grows with every message of a reader, but inside a value
  bool ended = false;      ///< these are the last ones: no ReadEnded follows
  /// Where a value comes in parts: the bytes of this only row's value, of which the blob has those from `offset` on.
  /// `next` stays at the row until its last part. 0: values are whole.
  std::uint64_t whole_bytes = 0;
  std::uint64_t offset = 0;
  std::vector<Origin> origins;
  Column<std::uint16_t> origin;
  Outcomes outcomes;
  Values arguments;  ///< empty for a range, or where not asked for
  Values labels;
  bool operator==(const Results&) const = default;
};

/// Everything was sent and the job is final, or the reader does not follow and all there is was sent: where that shows
/// only after the last results, or there are none.
struct ReadEnded {
  RequestId reader;
  std::uint64_t next = 0;
  bool operator==(const ReadEnded&) const = default;
};

/// Send JobChanged at once, then when the job's counters change, at most every 100 ms, and at its end.
struct Watch {
  JobId job;
  bool operator==(const Watch&) const = default;
};

struct JobChanged {
  JobSummary job;
  bool operator==(const JobChanged&) const = default;
};

/// A Read or a Watch (then `reader` is 0) of a job that is not there, or not there any more; it is over.
struct ReadRejected {
  RequestId reader;
  JobId job;
  Error error;
  bool operator==(const ReadRejected&) const = default;
};

/// What a message weighs against a credit: its blobs and, for its columns, a flat charge per task. Both sides count
/// alike.
inline constexpr std::uint64_t kTaskWeight = 32;
inline std::uint64_t weight_of(const Chunk& chunk) {
  return chunk.arguments.blob.size() + chunk.labels.blob.size() + kTaskWeight * chunk.count;
}
/// How far into the value of the row at `next` a reader is after these; 0: at its beginning.
inline std::uint64_t offset_after(const Results& results) {
  const std::uint64_t end = results.offset + results.outcomes.values.blob.size();
  return end < results.whole_bytes ? end : 0;
}
inline std::uint64_t weight_of(const Results& results) {
  return results.outcomes.values.blob.size() + results.arguments.blob.size() + results.labels.blob.size() +
         kTaskWeight * results.outcomes.count();
}

// ---- Asking ------------------------------------------------------------------------------------------------------

enum class Verb : std::uint8_t { list_jobs = 0, show_job, why, cancel, forget, list_workers, drain, status };

struct Ask {
  RequestId request;
  Verb verb = Verb::status;
  std::string subject;  ///< a job's id, unique prefix, name or `last`; a worker's name, or empty for all
  bool operator==(const Ask&) const = default;
};

/// One or more parts; the last says so.
struct Answer {
  RequestId request;
  bool last = true;
  std::optional<Error> error;
  std::vector<JobSummary> jobs;
  std::vector<JobSpec> specs;  ///< of show_job: what was submitted
  std::vector<WorkerSummary> workers;
  std::optional<BrokerStatus> status;
  std::vector<std::string> reasons;  ///< of why: sentences
  bool operator==(const Answer&) const = default;
};

using Message = std::variant<WorkerHello, ClientHello, Welcome, Refused, Ping, Pong, Heartbeat, Leaving,   //
                             Lease, Reclaim, Returned, Abort, Block, BlockStored, Drain,                   //
                             Open, Opened, Chunk, ChunkStored, Seal, Sealed, SubmitRejected,               //
                             Read, Take, StopReading, Results, ReadEnded, Watch, JobChanged, Ask, Answer,  //
                             ReadRejected, Want, Grant, Release, Hold>;

}  // namespace brigade
