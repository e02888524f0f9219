// The broker's loop: one thread that owns the socket, feeds the core, and carries out its commands in order.
#pragma once

#include <deque>
#include <memory>
#include <string>
#include <vector>

#include "broker/core/broker.h"
#include "broker/mailbox.h"
#include "broker/pages.h"
#include "broker/store/store.h"
#include "proto/base/os.h"
#include "proto/net/socket.h"

namespace brigade::broker {

class Loop {
 public:
  struct Parts {
    net::Router& router;
    Store& store;
    Mailbox& mailbox;
    base::SignalFd& signals;
  };
  Loop(Settings settings, Parts parts)
      : core_(settings), parts_(parts), pages_(parts.store), has_quota_(settings.state_bytes_max > 0) {}

  /// Serves until SIGTERM or SIGINT (returns success), or until the store fails (why).
  Result<void> run(Started started);

 private:
  void handle(Event event);
  void process();
  void carry_out(Commands commands);
  void carry_out_pages();
  void acknowledge();
  /// Whether it was sent; if not, PeerUnreachable is on its way to the core.
  bool send(PeerId to, const Message& message);
  void send_lease(SendLease order);
  bool receive_some();
  /// Tells the core what the store holds, where that decides about submits.
  void tell_size();
  Duration until_deadline() const;

  Broker core_;
  Parts parts_;
  Pages pages_;
  bool has_quota_;
  std::uint64_t told_bytes_ = 0;
  std::deque<Event> events_;            ///< that followed from carrying out a command
  std::deque<SendPage> orders_;         ///< one round of pages per turn, so that readers do not hold up the rest
  std::vector<Send> acknowledgements_;  ///< of blocks; they go last, since nobody waits for them
};

}  // namespace brigade::broker
