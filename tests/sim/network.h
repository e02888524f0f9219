// The network between one broker and its peers: per connection two queues in order, each message with a delay. As with
// ZeroMQ, a peer's socket connects by itself, again and again, and keeps what it could not send yet; each new
// connection is a new peer to the broker; a send that succeeded may vanish.
#pragma once

#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <vector>

#include "proto/wire/codec.h"
#include "tests/sim/world.h"

namespace brigade::sim {

using wire::Frames;
/// The cable of one worker or client; its connections over time share its delays and cuts.
using LinkNumber = std::size_t;
using SocketNumber = std::uint64_t;

struct Link {
  Duration delay_min = 20us;
  Duration delay_max = 200us;
  Instant up_cut_until{}, down_cut_until{};
  unsigned replays_percent = 0;   ///< of messages that a worker may repeat
  unsigned refuses_permille = 0;  ///< sends that fail although the peer is there
};

class Network {
 public:
  using AtPeer = std::function<void(Frames)>;
  using AtBroker = std::function<void(PeerId, LinkNumber, Frames)>;

  explicit Network(World& world) : world_(&world) {}

  LinkNumber add_link(Link link);
  Link& link(LinkNumber number) { return links_.at(number); }

  // ---- A peer's socket
  SocketNumber open(LinkNumber link, AtPeer receive);
  /// What is on its way may still arrive. A process that dies closes its sockets too.
  void close(SocketNumber socket);
  /// False: it takes nothing more.
  bool send(SocketNumber socket, const Message& message);

  // ---- The broker's socket
  void listen(AtBroker receive);
  void broker_died();
  /// False: no such peer, or it takes nothing more.
  bool send_to(PeerId peer, const Message& message);

  // ---- Faults
  void cut(LinkNumber link, bool up, bool down, Duration time, bool loses);
  /// Ends the connections of the link; sockets connect again by themselves.
  void reset(LinkNumber link);
  /// From now on a connection may end just when a message of this kind is on its way.
  void set_trap(std::size_t kind, unsigned percent) { trap_ = {kind, percent}; }
  /// No more cuts and refused sends.
  void heal_all();

 private:
  struct Queued {
    Instant due;
    Frames frames;
  };
  struct Socket {
    LinkNumber link = 0;
    AtPeer receive;  ///< empty once closed
    PeerId peer;     ///< 0: not connected
    std::deque<Frames> unsent;
    std::deque<Queued> up, down;
    Instant up_last{}, down_last{};
  };
  using SocketPtr = std::shared_ptr<Socket>;

  void try_connect(const SocketPtr& socket);
  void post_up(const SocketPtr& socket, Frames frames);
  void pump_up(const SocketPtr& socket, PeerId peer);
  void pump_down(const SocketPtr& socket, PeerId peer);
  void maybe_spring(LinkNumber link, const Message& message);
  void maybe_replay(const SocketPtr& socket, const Frames& frames);
  void detach(const SocketPtr& socket, bool tail_arrives);
  void forget_peer(PeerId peer, LinkNumber link);
  Duration delay(const Link& link) { return world_->between(link.delay_min, link.delay_max); }
  bool is_cut(LinkNumber link) const;

  World* world_;
  std::vector<Link> links_;
  std::map<SocketNumber, SocketPtr> sockets_;
  std::map<PeerId, SocketPtr> peers_;  ///< as the broker's socket knows them; some may be gone in truth
  struct Trap {
    std::size_t kind = 0;
    unsigned percent = 0;
  };

  AtBroker at_broker_;
  Trap trap_;
  std::uint64_t last_socket_ = 0, last_peer_ = 0;
};

}  // namespace brigade::sim
