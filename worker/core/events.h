// What happens to a worker's session, and what it wants done: the whole contract between the core and its loop.
#pragma once

#include <string>
#include <variant>
#include <vector>

#include "proto/model/messages.h"

namespace brigade::worker {

// ---- Events ------------------------------------------------------------------------------------------------------

/// Who this worker is; `held`, `draining` of the Hello are filled in by the core.
struct Started {
  std::uint64_t seed = 0;  ///< for jitter
  WorkerHello self;
  Duration drain_limit = std::chrono::seconds(30);
  Duration idle_limit{};  ///< leave after so long without a lease; 0: never
};

struct MessageArrived {
  Message message;
};

/// Frames that the codec refused, or a send that failed: the connection is of no use.
struct ConnectionBroke {
  std::string reason;
};

/// The loop has kept a block of outcomes under the next number (1, 2, 3, …).
struct BlockReady {
  std::uint64_t sequence = 0;
  LeaseId lease;
  Runs runs;
};

/// The answer to GiveBack: these tasks will not start here.
struct GivenBack {
  LeaseId lease;
  Runs runs;
};

/// What has happened to the permits of a job for one target since the last news.
struct PermitNews {
  JobId job;
  TargetId target;
  std::string name;
  bool counted = false;        ///< they are limited per target
  std::uint32_t wanted = 0;    ///< requests that begin to wait
  std::uint32_t unwanted = 0;  ///< that wait no longer, without a permit
  std::uint32_t ended = 0;     ///< permits whose requests are over, where they are counted
  Duration hold{};             ///< the target asks for a pause
};

/// SIGTERM, or SIGINT. The second one ends at once.
struct StopRequested {};

struct TimePassed {};

using Event = std::variant<Started, MessageArrived, ConnectionBroke, BlockReady, GivenBack, PermitNews, StopRequested,
                           TimePassed>;

// ---- Commands ----------------------------------------------------------------------------------------------------

/// Make a new socket; the old one, if any, is closed.
struct Connect {
  bool operator==(const Connect&) const = default;
};

struct Send {
  Message message;
  bool operator==(const Send&) const = default;
};

/// The same as Send, but the loop fills in `busy`.
struct SendHeartbeat {
  Heartbeat heartbeat;
  bool operator==(const SendHeartbeat&) const = default;
};

struct SendBlock {
  std::uint64_t sequence = 0;
  bool operator==(const SendBlock&) const = default;
};

/// The block is on the broker's disk.
struct ForgetBlock {
  std::uint64_t sequence = 0;
  bool operator==(const ForgetBlock&) const = default;
};

struct Start {
  Lease lease;
  Lane lane = Lane::threads;
  std::uint32_t per_worker = kUnlimited;
  bool operator==(const Start&) const = default;
};

/// Take back what has not started. Answered with GivenBack at once.
struct GiveBack {
  LeaseId lease;
  Lane lane = Lane::threads;
  bool operator==(const GiveBack&) const = default;
};

struct AbortJob {
  JobId job;
  bool operator==(const AbortJob&) const = default;
};

/// So many requests that wait may go, at these instants.
struct Admit {
  JobId job;
  TargetId target;
  std::uint32_t count = 0;
  Instant first{};
  Duration spacing{};
  bool operator==(const Admit&) const = default;
};

/// The worker is done. `reason` is for the log; `refused` when the broker will never have this worker.
struct Exit {
  std::string reason;
  bool refused = false;
  bool operator==(const Exit&) const = default;
};

/// A line for the log.
struct Note {
  std::string text;
  bool operator==(const Note&) const = default;
};

using Command =
    std::variant<Connect, Send, SendHeartbeat, SendBlock, ForgetBlock, Start, GiveBack, AbortJob, Admit, Exit, Note>;
using Commands = std::vector<Command>;

}  // namespace brigade::worker
