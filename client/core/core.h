// The client's core: a connection and at most one call. No I/O, no clock, no thread, no payload.
//
// The same events at the same instants give the same commands. The first event is Start; then the calls of the
// library's user, one at a time, each ended by exactly one Finish, which is the last command of its event. Messages
// that belong to a call that has ended are ignored. The owner carries out the commands of one event, in order, before
// it feeds the next. What they lead to (ChunkPulled, ResultsTaken, SendFailed, …) are events of their own, fed before
// anything else is received; a ChunkPulled or ResultsTaken that is still to be fed at the call's Finish is dropped.
#pragma once

#include <memory>
#include <optional>
#include <variant>

#include "client/core/events.h"
#include "client/core/link.h"
#include "client/core/question.h"
#include "client/core/reader.h"
#include "client/core/upload.h"
#include "client/core/watcher.h"

namespace brigade::client {

class Core {
 public:
  Core();
  ~Core();

  /// Appends to `out`.
  void on(const Event& event, Instant now, Commands& out);
  /// Whether the event is a call that the broker has been told of ahead: what has arrived since the last call may be
  /// for it, so the event comes first.
  bool expects(const Event& event) const;
  /// When TimePassed is wanted next; kNever: not before another event.
  Instant next_deadline() const;
  void check_invariants() const;

 private:
  struct Nothing {};
  /// Session::connect: done as soon as the link is up.
  struct Connecting {
    void resume(Step& step) { step.finish(Connected{}); }
    void lost() {}
    void stop(Step&) {}
    void on(const Message&, Step&) {}
    void time_passed(Step&) {}
    Instant next_deadline() const { return kNever; }
    void check_invariants() const {}
  };
  using Call = std::variant<Nothing, Connecting, Upload, Reader, Watcher, Question>;

  void begin(Call call, Step& step);
  void begin_read(const ReadCalled& call, Step& step);
  void end_call(const CallResult& result);
  void fail(Error error, Step& step);
  /// The call learns what became of the link.
  void follow(LinkChange change, Step& step);
  void arrived(const Message& message, Step& step);
  void time_passed(Step& step);
  Upload upload_of(const SubmitCalled& call);

  Start start_;
  std::unique_ptr<Link> link_;  ///< from Start on
  std::uint64_t last_request_ = 0;
  Call call_;
  std::optional<Upload::Begun> ahead_;  ///< a read that the broker has begun for the next call, on this connection
};

}  // namespace brigade::client
