// The session's edge: one socket, and the source and sinks of the call under way.
#pragma once

#include <deque>
#include <map>
#include <memory>
#include <optional>

#include "client/content_hash.h"
#include "client/core/core.h"
#include "client/part_joiner.h"
#include "client/session.h"
#include "proto/net/socket.h"

namespace brigade::client {

/// Runs the core on the caller's thread, only while a call is under way: between calls nothing is received, and a
/// broker that has given up such a quiet client meanwhile is greeted anew.
class Session::Loop {
 public:
  explicit Loop(const ConnectOptions& options);

  CallResult submit(const JobSpec& spec, const ChunkSource& source, const std::optional<ReadCalled>& read_next);
  CallResult read(const ReadCalled& call, bool parts, const ResultsSink& sink, const ProgressSink& progress);
  CallResult wait(const WaitCalled& call, const ProgressSink& progress);
  /// Feeds the event that begins a call, and runs until its Finish.
  CallResult call(Event event);

  std::uint64_t cursor() const { return cursor_; }
  std::uint64_t offset() const { return offset_; }
  void set_interrupt_fd(int fd) { options_.interrupt_fd = fd; }

 private:
  /// Hears what came since the last call.
  void catch_up();
  /// Up to a turn's worth of what carrying out commands led to.
  void feed_pending();
  void turn();
  /// Waits for the socket no longer than `timeout` (negative: for ever); whether the call is interrupted.
  bool interrupted(Duration timeout);
  /// Whether everything was received.
  bool receive_some();
  /// Whether they were results.
  bool received(net::Frames frames);
  void feed(const Event& event);

  void carry_out(Command& command);
  void connect();
  void send(const Message& message);
  void send_chunk(const SendChunk& command);
  void pull_chunk(const PullChunk& command);
  void deliver();
  ConnectOptions options_;
  Core core_;
  std::unique_ptr<net::Dealer> dealer_;
  std::deque<Event> pending_;  ///< what carrying out commands led to

  // Of the call under way.
  std::optional<CallResult> finished_;
  const ChunkSource* source_ = nullptr;
  const ResultsSink* sink_ = nullptr;
  const ProgressSink* progress_ = nullptr;
  std::optional<ContentHasher> hasher_;
  std::map<std::uint64_t, Chunk> chunks_;  ///< by number, until the broker has stored them
  std::optional<Results> results_;         ///< between their arrival and the end of that event
  std::uint64_t cursor_ = 0;
  std::uint64_t offset_ = 0;
  bool parts_ = false;  ///< the sink takes values in parts
  PartJoiner joiner_;   ///< for a sink that does not
};

}  // namespace brigade::client
