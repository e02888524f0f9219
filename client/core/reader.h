// One read: results within a credit, exactly once to the sink, from a cursor that survives the connection.
#pragma once

#include <compare>
#include <optional>

#include "client/core/step.h"

namespace brigade::client {

/// Results that may be on their way to us. A stopped client costs its broker no more than this.
inline constexpr std::uint64_t kReadCreditBytes = std::uint64_t{8} << 20;

class Reader {
 public:
  explicit Reader(const ReadCalled& call) : call_(call), position_{call.from, call.offset} {}

  /// The Read that asks for what is missing, as the reader `number`.
  Read request(RequestId number) const;
  /// The broker has been sent that request already.
  void begun(RequestId number, Step& step);
  void resume(Step& step);
  void lost() { reader_ = {}; }
  /// Tells the broker that the rest is not wanted.
  void stop(Step& step);
  void on(const Message& message, Step& step);
  void results_arrived(const ResultsArrived& results, Step& step);
  void results_taken(Step& step);
  void time_passed(Step& step);
  Instant next_deadline() const;
  void check_invariants() const;

 private:
  /// A cursor, and how far into the value there. They only grow: the order of the members is that of the results.
  struct Position {
    std::uint64_t cursor = 0;
    std::uint64_t offset = 0;
    auto operator<=>(const Position&) const = default;
  };
  struct Delivery {
    RequestId reader;
    Position next;
    std::uint64_t weight = 0;
    bool ended = false;
  };
  void take(std::uint64_t weight, Step& step);

  ReadCalled call_;
  Position position_;                 ///< after the last results that the sink took
  RequestId reader_;                  ///< this connection's; a new one has a new number, so that old results are known
  std::optional<Delivery> delivery_;  ///< what the sink has in hand
  std::uint64_t owed_ = 0;            ///< consumed, and not yet told to the broker
  Instant due_ = kNever;              ///< of the next results, when what is wanted is there already
};

}  // namespace brigade::client
