#include "client/core/link.h"

#include <algorithm>

#include "client/core/step.h"

namespace brigade::client {

LinkChange Link::need(Instant now, Commands& out) {
  if (is_up()) return LinkChange::came_up;
  trouble_since_ = now;
  if (std::holds_alternative<Closed>(state_)) {
    tries_ = 0;
    flaps_ = 0;
    complaint_.reset();
    open(now, out);
  }
  return LinkChange::none;
}

void Link::open(Instant now, Commands& out) {
  state_ = Greeting{now};
  out.push_back(Connect{});
  out.push_back(Send{ClientHello{.version = start_->version, .pid = start_->pid}});
}

LinkChange Link::heard(const Message& message, Instant now, Commands& out) {
  if (auto* greeting = std::get_if<Greeting>(&state_)) greeting->heard = now;
  if (auto* up = std::get_if<Up>(&state_)) up->heard = now;
  const bool answerable = is_up() || std::holds_alternative<Greeting>(state_);
  if (answerable && std::holds_alternative<Ping>(message)) out.push_back(Send{Pong{}});
  if (const auto* refusal = std::get_if<Refused>(&message)) return refused(refusal->error, now, out);
  const auto* welcome = std::get_if<Welcome>(&message);
  if (welcome == nullptr || !std::holds_alternative<Greeting>(state_)) return LinkChange::none;
  state_ = Up{.since = now, .heard = now, .upload_credit = welcome->upload_credit_bytes};
  was_up_ = true;
  return LinkChange::came_up;
}

void Link::heard_results(Instant now) {
  if (auto* up = std::get_if<Up>(&state_)) up->heard = now;
}

LinkChange Link::refused(const Error& error, Instant now, Commands& out) {
  if (std::holds_alternative<Greeting>(state_)) {
    Error reason = error;
    reason.message = "the broker at " + start_->endpoint + " refused this client (brigade " + start_->version +
                     ", protocol " + std::to_string(kProtocolVersion) + "): " + error.message;
    if (error.code == ErrorCode::conflict) reason.message += "; upgrade the older of the two";
    return give_up(std::move(reason), out);
  }
  return complain({error.code, "the broker at " + start_->endpoint + " ended the connection: " + error.message}, now,
                  out);
}

LinkChange Link::complain(Error error, Instant now, Commands& out) {
  if (std::holds_alternative<Closed>(state_) || std::holds_alternative<Waiting>(state_)) return LinkChange::none;
  // Forgiven once: a client that was busy for long is forgotten by its broker, and has only to say Hello again.
  const bool again = complaint_.has_value() && !is_good(now);
  if (again || error.code == ErrorCode::unauthorised) return give_up(std::move(error), out);
  const LinkChange change = broke(now, out);
  complaint_ = std::move(error);
  return change;
}

LinkChange Link::broke(Instant now, Commands& out) {
  if (std::holds_alternative<Closed>(state_) || std::holds_alternative<Waiting>(state_)) return LinkChange::none;
  const bool went_down = is_up();
  if (is_good(now)) {
    tries_ = 0;
    flaps_ = 0;
    complaint_.reset();
  } else if (went_down) {
    ++flaps_;
  }
  // A broker that falls each time it is asked must not be tried for ever.
  if (went_down && flaps_ <= kFlapsMax) trouble_since_ = now;
  out.push_back(Disconnect{});
  ++tries_;
  state_ = Waiting{now + backoff()};
  return went_down ? LinkChange::went_down : LinkChange::none;
}

bool Link::is_good(Instant now) const {
  const auto* up = std::get_if<Up>(&state_);
  return up != nullptr && (up->worked || now - up->since >= start_->silence);
}

Duration Link::backoff() {
  const unsigned doublings = std::min(tries_ - 1, 16U);
  const Duration most = std::min<Duration>(kBackoffFirst * (1U << doublings), kBackoffMax);
  const auto half = static_cast<std::uint64_t>(most.count() / 2);
  return most / 2 + Duration(static_cast<Duration::rep>(random_() % (half + 1)));
}

LinkChange Link::give_up(Error error, Commands& out) {
  if (!std::holds_alternative<Closed>(state_) && !std::holds_alternative<Waiting>(state_)) out.push_back(Disconnect{});
  state_ = Closed{};
  error_ = std::move(error);
  return LinkChange::gave_up;
}

LinkChange Link::time_passed(Instant now, Commands& out) {
  const bool trying = std::holds_alternative<Greeting>(state_) || std::holds_alternative<Waiting>(state_);
  if (trying && now >= trouble_since_ + start_->timeout) return give_up(nobody_answers(), out);
  if (const auto* waiting = std::get_if<Waiting>(&state_); waiting != nullptr && now >= waiting->until) open(now, out);
  const auto* greeting = std::get_if<Greeting>(&state_);
  const auto* up = std::get_if<Up>(&state_);
  const bool silent = (greeting != nullptr && now >= greeting->heard + start_->silence) ||  //
                      (up != nullptr && now >= up->heard + start_->silence);
  return silent ? broke(now, out) : LinkChange::none;
}

Error Link::nobody_answers() const {
  const std::string waited = " (waited " + seconds_text(start_->timeout) + ")";
  if (complaint_) return {complaint_->code, complaint_->message + waited};
  if (was_up_) {
    return {ErrorCode::unavailable, "the broker at " + start_->endpoint + " was lost and does not answer" + waited +
                                        "; when it is back, `brigade jobs` shows what it has"};
  }
  return {ErrorCode::unavailable,
          "no broker answers at " + start_->endpoint + waited + "; start one with `brigade up` or give --broker"};
}

void Link::worked() {
  if (auto* up = std::get_if<Up>(&state_)) up->worked = true;
}

Instant Link::next_deadline() const {
  return std::visit(
      overload{[](const Closed&) { return kNever; },
               [this](const Greeting& greeting) {
                 return std::min(greeting.heard + start_->silence, trouble_since_ + start_->timeout);
               },
               [this](const Up& up) { return up.heard + start_->silence; },
               [this](const Waiting& waiting) { return std::min(waiting.until, trouble_since_ + start_->timeout); }},
      state_);
}

void Link::check_invariants() const {
  if (const auto* up = std::get_if<Up>(&state_)) require(up->since <= up->heard && was_up_);
  if (std::holds_alternative<Waiting>(state_)) require(tries_ > 0);
}

}  // namespace brigade::client
