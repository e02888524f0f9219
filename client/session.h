// The client library: submit jobs to a broker, read their results, ask about them. The command line uses nothing else.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "proto/model/messages.h"

namespace brigade::client {

struct ConnectOptions {
  std::string endpoint;  ///< tcp://HOST:PORT or ipc://PATH
  /// For the first Welcome, for each answer, and for a reconnect after a loss. A commit gets at least a minute.
  Duration timeout = std::chrono::seconds(5);
  /// A call returns ErrorCode::cancelled while this is readable; the session never reads it. -1: never.
  int interrupt_fd = -1;
  /// A broker that sends nothing for so long is lost. Longer than its pings are apart.
  Duration silence = std::chrono::milliseconds(3500);
};

/// The next piece of a job's arguments; `nullopt` at the end. Called again only when the broker has room for more.
/// REQUIRES: at most kTasksPerMessageMax rows and kBlobBytesMax bytes; `sequence` and `job` are filled in by the
/// session.
using ChunkSource = std::function<Result<std::optional<Chunk>>()>;

struct Submitted {
  JobId job;
  std::string warning;   ///< for example that no connected worker offers the kind; empty when all is well
  bool existed = false;  ///< the key stood for this very job already
};

struct ReadOptions {
  Order order = Order::input;
  std::uint64_t from = 0;  ///< cursor: a log position (completion) or a task number (input)
  bool failed_only = false;
  bool with_arguments = false;
  bool follow = true;  ///< until the job is final; else until what is there now was read
  /// A value above 4 MiB reaches the sink in parts (Results::whole_bytes), so that nobody holds it whole. Without it
  /// they are put together first.
  bool parts = false;
  std::uint64_t offset = 0;  ///< with `parts`: bytes of the value at `from` that the sink has taken already
};

/// Takes results as they come; returning an error (a full disk, a closed pipe) ends the read with that error.
using ResultsSink = std::function<Result<void>(const Results&)>;
/// Told of each change of the job's counters, a few times a second.
using ProgressSink = std::function<void(const JobSummary&)>;

/// A connection to a broker that survives the broker's restart: it reconnects with back-off and resumes what it was
/// doing (an upload from the first chunk that is not stored, a read from its cursor) within `ConnectOptions::timeout`.
/// One thread at a time; every call blocks until done, interrupted, or the broker did not answer in time
/// (ErrorCode::unavailable, naming the endpoint). After an error the session may be used for further calls, which
/// connect again where that is needed. Sources and sinks run on the calling thread and must not call the session.
///
/// A session works only inside its calls. A broker that forgets a session which was quiet, or whose sink or source was
/// slow, is greeted again, without a trace for the caller.
class Session {
 public:
  static Result<std::unique_ptr<Session>> connect(const ConnectOptions& options);
  ~Session();

  /// Uploads and seals a job. For a range, `source` is not called. The content hash (client/content_hash.h) is computed
  /// here. A spec without a key gets a random one. A key whose job is there already is no error if the hash is the
  /// same: all of `source` is read to know that, and nothing is sent. With `read_next` the broker begins at once with
  /// the read that is called next with the same options, which saves that read a round trip.
  Result<Submitted> submit(const JobSpec& spec, const ChunkSource& source,
                           const std::optional<ReadOptions>& read_next = std::nullopt);

  /// Streams results into `sink` and returns the cursor after the last one. When interrupted, `cursor()` tells where.
  Result<std::uint64_t> read(JobId job, const ReadOptions& options, const ResultsSink& sink,
                             const ProgressSink& progress);
  /// The cursor after the last results that a sink has taken, in this session's latest read.
  std::uint64_t cursor() const;
  /// And how far into the value there, where it takes values in parts.
  std::uint64_t offset() const;

  /// Waits until the job is final, `limit` is over (ErrorCode::unavailable) or interrupted. `limit` 0: no limit.
  Result<JobSummary> wait(JobId job, Duration limit, const ProgressSink& progress);

  /// One question, all parts of its answer joined. A refusal of the broker is the error. Asked again after a reconnect,
  /// except for cancel and forget of anything but a full job id: these might hit another job the second time
  /// (ErrorCode::unavailable says so).
  Result<Answer> ask(Verb verb, const std::string& subject);

  /// The fd to watch for interruption may change between calls (first Ctrl-C, second Ctrl-C).
  void set_interrupt_fd(int fd);

 private:
  class Loop;
  explicit Session(std::unique_ptr<Loop> loop);
  std::unique_ptr<Loop> loop_;
};

}  // namespace brigade::client
