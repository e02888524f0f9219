// The connection: Hello and Welcome, signs of life, and reconnecting with back-off until the time is over.
#pragma once

#include <random>
#include <variant>

#include "client/core/events.h"

namespace brigade::client {

/// The wait before the n-th new try is between half and all of kBackoffFirst * 2^(n-1), at most kBackoffMax.
inline constexpr Duration kBackoffFirst = std::chrono::milliseconds(50);
inline constexpr Duration kBackoffMax = std::chrono::seconds(2);
/// Connections lost soon after their Welcome, in a row, until they no longer renew the time for a reconnect.
inline constexpr unsigned kFlapsMax = 3;

/// What became of the connection.
enum class LinkChange : std::uint8_t {
  none,
  came_up,    ///< Welcome: requests may be sent
  went_down,  ///< what was sent may be lost; a new try is under way
  gave_up     ///< closed, for the reason in error()
};

class Link {
 public:
  explicit Link(const Start& start) : start_(&start), random_(start.seed) {}

  /// A call begins: connects where there is no connection, and gives a new try the full time.
  LinkChange need(Instant now, Commands& out);
  /// Any message is a sign of life.
  LinkChange heard(const Message& message, Instant now, Commands& out);
  void heard_results(Instant now);
  /// The socket is of no use.
  LinkChange broke(Instant now, Commands& out);
  /// The broker sent nonsense or refused; once is forgiven, and a new connection tried.
  LinkChange complain(Error error, Instant now, Commands& out);
  /// A new try makes no sense.
  LinkChange give_up(Error error, Commands& out);
  LinkChange time_passed(Instant now, Commands& out);

  /// The connection has carried something worth it: later trouble is new trouble.
  void worked();

  bool is_up() const { return std::holds_alternative<Up>(state_); }
  /// REQUIRES: is_up().
  std::uint64_t upload_credit() const { return std::get<Up>(state_).upload_credit; }
  /// Why the link gave up.
  const Error& error() const { return error_; }
  Instant next_deadline() const;
  std::mt19937_64& random() { return random_; }
  void check_invariants() const;

 private:
  struct Closed {};
  struct Greeting {
    Instant heard;
  };
  struct Up {
    Instant since;
    Instant heard;
    std::uint64_t upload_credit = 0;
    bool worked = false;
  };
  struct Waiting {
    Instant until;
  };

  void open(Instant now, Commands& out);
  /// Whether the connection that stands was good for something.
  bool is_good(Instant now) const;
  LinkChange refused(const Error& error, Instant now, Commands& out);
  Duration backoff();
  Error nobody_answers() const;

  const Start* start_;
  std::mt19937_64 random_;
  std::variant<Closed, Greeting, Up, Waiting> state_;
  Instant trouble_since_{};         ///< when the connection was missed first; of no meaning while it is up and works
  unsigned tries_ = 0;              ///< sockets given up in this trouble
  unsigned flaps_ = 0;              ///< of them, those that had a Welcome and then were good for nothing
  bool was_up_ = false;             ///< in this or an earlier trouble
  std::optional<Error> complaint_;  ///< of the broker, in this trouble
  Error error_;
};

}  // namespace brigade::client
