// What happens to the client's core, and what it wants done. Values only: payload stays with the loop.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "proto/model/messages.h"

namespace brigade::client {

// ---- Events ------------------------------------------------------------------------------------------------------

/// The first event, once: all that the core knows of the world.
struct Start {
  std::uint64_t seed = 0;  ///< of keys and jitter
  std::string endpoint;    ///< for messages to people
  std::string version;
  std::uint32_t pid = 0;
  Duration timeout = std::chrono::seconds(5);          ///< for the first Welcome, each answer, a reconnect after a loss
  Duration silence = std::chrono::milliseconds(3500);  ///< no frame for so long: the broker is gone, or the network cut
};

// Calls of the library's user: one at a time, each ended by a Finish.

struct ConnectCalled {};

struct ReadCalled {
  JobId job;
  Order order = Order::input;
  std::uint64_t from = 0;
  std::uint64_t offset = 0;  ///< bytes of the value at `from` that the sink has taken
  bool failed_only = false;
  bool with_arguments = false;
  bool follow = true;
  bool progress = false;  ///< watch the job meanwhile
  bool operator==(const ReadCalled&) const = default;
};

/// The arguments come from the source (PullChunk), or, where the spec has a range, nothing is pulled and
/// `range_hash` is the content hash.
struct SubmitCalled {
  JobSpec spec;
  ContentHash range_hash{};
  std::optional<ReadCalled> read_next{};  ///< the call that is likely to follow: the broker begins with it at once
};

struct WaitCalled {
  JobId job;
  Duration limit{};  ///< 0: none
};

struct AskCalled {
  Verb verb = Verb::status;
  std::string subject;
};

/// The user does not want to wait any longer.
struct Interrupted {};

/// Any message but Results.
struct Arrived {
  Message message;
};

/// Results are in the loop's hands until the commands of this event are carried out.
struct ResultsArrived {
  RequestId reader;
  std::uint64_t next = 0;
  std::uint64_t weight = 0;
  bool ended = false;
  std::uint64_t offset = 0;  ///< of the next bytes in the value at `next`
};

/// The broker sent what cannot be decoded.
struct MalformedArrived {
  Error error;
};

/// No socket could be made.
struct ConnectFailed {
  Error error;
};

/// The socket did not take a message. Told once per socket.
struct SendFailed {};

/// The source gave the chunk that was pulled; the loop keeps it until DropChunks.
struct ChunkPulled {
  std::uint64_t weight = 0;
};
struct SourceEnded {
  std::uint64_t tasks = 0;
  ContentHash hash{};
};
struct SourceFailed {
  Error error;
};

/// The sink took what Deliver gave it.
struct ResultsTaken {};
struct SinkFailed {
  Error error;
};

/// Nothing waits to be received: deadlines may be judged. (A peer is not silent while its frames wait for us.)
struct TimePassed {};

using Event = std::variant<Start, ConnectCalled, SubmitCalled, ReadCalled, WaitCalled, AskCalled, Interrupted, Arrived,
                           ResultsArrived, MalformedArrived, ConnectFailed, SendFailed, ChunkPulled, SourceEnded,
                           SourceFailed, ResultsTaken, SinkFailed, TimePassed>;

// ---- Commands ----------------------------------------------------------------------------------------------------

/// Make a new socket in place of the old one.
struct Connect {
  bool operator==(const Connect&) const = default;
};
/// Close the socket.
struct Disconnect {
  bool operator==(const Disconnect&) const = default;
};
struct Send {
  Message message;
  bool operator==(const Send&) const = default;
};
/// Send the kept chunk with this number.
struct SendChunk {
  JobId job;
  std::uint64_t sequence = 0;
  bool operator==(const SendChunk&) const = default;
};
/// Ask the source for its next chunk, which has this number.
struct PullChunk {
  std::uint64_t sequence = 0;
  bool operator==(const PullChunk&) const = default;
};
/// Chunks with smaller numbers are needed no more.
struct DropChunks {
  std::uint64_t before = 0;
  bool operator==(const DropChunks&) const = default;
};
/// Give the results in hand to the sink; answered with ResultsTaken or SinkFailed.
struct Deliver {
  bool operator==(const Deliver&) const = default;
};
/// Tell the progress sink.
struct Report {
  JobSummary job;
  bool operator==(const Report&) const = default;
};

struct Connected {
  bool operator==(const Connected&) const = default;
};
struct Accepted {
  JobId job;
  std::string warning;
  bool existed = false;
  bool operator==(const Accepted&) const = default;
};
struct ReadDone {
  std::uint64_t cursor = 0;
  bool operator==(const ReadDone&) const = default;
};
struct WaitDone {
  JobSummary job;
  bool operator==(const WaitDone&) const = default;
};

using CallResult = std::variant<Connected, Accepted, ReadDone, WaitDone, Answer, Error>;

/// The call is over; the last command of its event.
struct Finish {
  CallResult result;
  bool operator==(const Finish&) const = default;
};

using Command = std::variant<Connect, Disconnect, Send, SendChunk, PullChunk, DropChunks, Deliver, Report, Finish>;
using Commands = std::vector<Command>;

}  // namespace brigade::client
