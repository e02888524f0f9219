// One submit: open, chunks within the broker's credit, seal. Survives the loss of the connection.
#pragma once

#include <deque>
#include <optional>
#include <variant>

#include "client/core/step.h"

namespace brigade::client {

/// How long a living broker may take to commit: disks under load are slow, so it is not below this.
inline constexpr Duration kCommitLimit = std::chrono::seconds(60);

/// Chunks are kept until ChunkStored and sent again, after a reconnect, from where the broker says. Chunks that it has
/// already (an earlier client's upload with the same key) are pulled, for the content hash, but not sent.
class Upload {
 public:
  /// `end` is given for a range, whose arguments need no chunks. REQUIRES: the spec has a key.
  /// `read_next` is sent with the seal.
  Upload(JobSpec spec, std::optional<SourceEnded> end, std::optional<ReadCalled> read_next)
      : spec_(std::move(spec)), end_(end), read_next_(std::move(read_next)) {}

  void resume(std::uint64_t credit, Step& step);
  void lost() { phase_ = Away{}; }
  void stop(Step&) {}
  void on(const Message& message, Step& step);
  void chunk_pulled(const ChunkPulled& chunk, Step& step);
  void source_ended(const SourceEnded& end, Step& step);
  void time_passed(Step& step);
  Instant next_deadline() const;
  void check_invariants() const;

  /// The read that began with the seal, if the job is accepted and one was wanted.
  struct Begun {
    ReadCalled call;
    RequestId reader;
  };
  std::optional<Begun> read_begun() const;

 private:
  struct Away {};
  struct Opening {
    RequestId request;
    std::uint64_t credit = 0;
    Instant due;
  };
  struct Sending {
    std::uint64_t credit = 0;
    std::uint64_t settled = 0;  ///< chunks before this one need no answer on this connection
    std::uint64_t next = 0;     ///< chunk to send next
    Instant due;                ///< of the answer to the chunk `settled`
  };
  struct Sealing {
    Instant due;
    RequestId request{};  ///< of the Open that is the seal; else 0
    bool again = false;   ///< it was sent before, so a sealed job is no surprise
  };

  void opened(const Opened& opened, Step& step);
  void stored(const ChunkStored& stored, Step& step);
  /// Whatever can be done now: send, pull, seal.
  void proceed(Step& step);
  void open_range(Step& step);
  void sealed(const Sealed& sealed, Step& step);
  /// Of the Open that is not answered yet; else 0.
  RequestId open_request() const;
  /// The read to send with the seal.
  std::optional<Read> read_request(Step& step);
  void drop_before(std::uint64_t sequence, Step& step);
  std::uint64_t first_kept() const { return pulled_ - kept_.size(); }
  /// Of all chunks before this one. REQUIRES: first_kept() <= sequence <= pulled_.
  std::uint64_t weight_before(std::uint64_t sequence) const;
  std::uint64_t weight_at(std::uint64_t sequence) const {
    return weight_before(sequence + 1) - weight_before(sequence);
  }
  /// Sent on this connection and not answered.
  std::uint64_t in_flight(const Sending& sending) const;

  static constexpr std::uint64_t kAll = ~std::uint64_t{0};  ///< chunks: the broker has the whole job

  JobSpec spec_;
  std::optional<SourceEnded> end_;
  std::optional<ReadCalled> read_next_;
  RequestId reader_;  ///< of `read_next_`, on this connection
  JobId job_;
  std::uint64_t pulled_ = 0;          ///< chunks that came from the source
  std::deque<std::uint64_t> kept_;    ///< of the last of the pulled chunks: the weight of all chunks up to it
  std::uint64_t dropped_weight_ = 0;  ///< of all chunks before the kept ones
  bool pulling_ = false;
  bool sealed_by_us_ = false;  ///< we have asked for it, so a sealed job is no surprise
  bool existed_ = false;
  std::variant<Away, Opening, Sending, Sealing> phase_;
};

}  // namespace brigade::client
