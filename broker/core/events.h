// What happens to the broker, and what it wants done: the whole contract between the core and its loop.
#pragma once

#include <string>
#include <variant>
#include <vector>

#include "broker/core/records.h"
#include "proto/model/messages.h"

namespace brigade::broker {

// ---- Events ------------------------------------------------------------------------------------------------------

/// The first event, once.
struct Started {
  std::uint64_t seed = 0;  ///< for ids and jitter
  std::string version;
  std::uint32_t pid = 0;
  bool durable = false;
  std::string state_folder;
  Recovered recovered;
};

struct MessageArrived {
  PeerId peer;
  std::string address;
  Message message;
};

/// Frames that the codec refused.
struct MalformedArrived {
  PeerId peer;
  Error error;
};

/// A send failed: the peer is gone.
struct PeerUnreachable {
  PeerId peer;
};

/// This write and all before it are on disk.
struct Committed {
  Sequence sequence;
};

struct StoreStalled {
  std::string reason;
};
struct StoreResumed {};

/// What the store holds now. Told before a client's messages where Settings::state_bytes_max is set.
struct StoreSized {
  std::uint64_t bytes = 0;
};

/// A SendPage was carried out: `bytes` of rows up to the cursor `next` were sent.
struct PageSent {
  PeerId peer;
  RequestId reader;
  std::uint64_t next = 0;
  std::uint64_t bytes = 0;
  bool ended = false;        ///< the reader was told that these were the last
  std::uint64_t offset = 0;  ///< bytes of the value at `next` that the reader has
};

/// A SendPage could not be carried out.
struct PageUnreadable {
  PeerId peer;
  RequestId reader;
  Error error;
};

/// A SendLease could not be carried out because its arguments cannot be read.
struct ArgumentsUnreadable {
  LeaseId lease;
  Error error;
};

struct TimePassed {};

using Event = std::variant<Started, MessageArrived, MalformedArrived, PeerUnreachable, Committed, StoreStalled,
                           StoreResumed, StoreSized, PageSent, PageUnreadable, ArgumentsUnreadable, TimePassed>;

// ---- Commands ----------------------------------------------------------------------------------------------------

struct Send {
  PeerId to;
  Message message;
  bool operator==(const Send&) const = default;
};

/// Send this lease; the loop attaches the arguments where the job has columns.
struct SendLease {
  PeerId to;
  Lease lease;
  bool operator==(const SendLease&) const = default;
};

/// Hand this to the store; Committed{sequence} follows.
struct Append {
  Sequence sequence;
  Write write;
  bool operator==(const Append&) const = default;
};

/// Send results to a reader: rows of the log from the cursor up to `end` (completion), or the tasks from..end-1 in
/// order (input). About `bytes_max`, at least one row. Answered with PageSent or PageUnreadable.
struct SendPage {
  PeerId to;
  RequestId reader;
  JobId job;
  Order order = Order::completion;
  std::uint64_t from = 0;
  std::uint64_t end = 0;
  std::uint64_t bytes_max = 0;
  bool failed_only = false;
  bool with_arguments = false;  ///< never set for a range
  bool last = false;            ///< what reaches `end` is the reader's last: its message says so
  std::uint64_t offset = 0;     ///< bytes of the value at `from` that the reader has
  bool operator==(const SendPage&) const = default;
};

using Command = std::variant<Send, SendLease, Append, SendPage>;
using Commands = std::vector<Command>;

}  // namespace brigade::broker
