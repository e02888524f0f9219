#include "tests/sim/network.h"

#include <algorithm>

namespace brigade::sim {

LinkNumber Network::add_link(Link link) {
  links_.push_back(link);
  return links_.size() - 1;
}

bool Network::is_cut(LinkNumber link) const {
  return std::max(links_[link].up_cut_until, links_[link].down_cut_until) > world_->instant();
}

// ---- Connecting ----------------------------------------------------------------------------------------------------

SocketNumber Network::open(LinkNumber link, AtPeer receive) {
  auto socket = std::make_shared<Socket>();
  socket->link = link;
  socket->receive = std::move(receive);
  sockets_.emplace(++last_socket_, socket);
  world_->after(delay(links_[link]), [this, socket] { try_connect(socket); });
  return last_socket_;
}

void Network::try_connect(const SocketPtr& socket) {
  if (!socket->receive || socket->peer) return;
  if (!at_broker_ || is_cut(socket->link)) {
    world_->after(world_->between(50ms, 150ms), [this, socket] { try_connect(socket); });
    return;
  }
  socket->peer = PeerId{++last_peer_};
  socket->up.clear();
  socket->down.clear();
  peers_.emplace(socket->peer, socket);
  for (std::deque<Frames> unsent = std::exchange(socket->unsent, {}); !unsent.empty(); unsent.pop_front())
    post_up(socket, std::move(unsent.front()));
}

void Network::close(SocketNumber number) {
  const auto it = sockets_.find(number);
  if (it == sockets_.end()) return;
  const SocketPtr socket = it->second;
  sockets_.erase(it);
  socket->receive = nullptr;
  socket->unsent.clear();
  if (!socket->peer) return;
  // Some of what was sent last may be lost; the broker's side learns of the end when the link lets it.
  socket->up.resize(socket->up.empty() ? 0 : world_->below(socket->up.size() + 1));
  forget_peer(socket->peer, socket->link);
}

void Network::forget_peer(PeerId peer, LinkNumber link) {
  const bool never_told = world_->chance(10);  // the host lost its power: nobody closed the connection
  const Instant soonest = std::max(world_->instant(), links_[link].up_cut_until);
  const Duration wait = never_told ? Duration(20s) : delay(links_[link]) * 4;
  world_->at(soonest + wait, [this, peer] { peers_.erase(peer); });
}

void Network::detach(const SocketPtr& socket, bool tail_arrives) {
  if (!socket->peer) return;
  peers_.erase(socket->peer);
  socket->up.clear();
  // What the kernel had received is still read.
  const std::size_t kept = tail_arrives && !socket->down.empty() ? world_->below(socket->down.size() + 1) : 0;
  socket->down.resize(kept);
  while (!socket->down.empty()) {
    if (socket->receive) socket->receive(std::move(socket->down.front().frames));
    socket->down.pop_front();
  }
  socket->peer = {};
  world_->after(world_->between(50ms, 150ms), [this, socket] { try_connect(socket); });
}

// ---- Carrying ------------------------------------------------------------------------------------------------------

bool Network::send(SocketNumber number, const Message& message) {
  const SocketPtr socket = sockets_.at(number);
  if (world_->below(1000) < links_[socket->link].refuses_permille) return false;
  if (socket->peer)
    post_up(socket, wire::encode(message));
  else
    socket->unsent.push_back(wire::encode(message));
  maybe_spring(socket->link, message);
  return true;
}

void Network::maybe_spring(LinkNumber link, const Message& message) {
  if (message.index() != trap_.kind || !world_->chance(trap_.percent)) return;
  world_->after(Duration{}, [this, link] { reset(link); });
}

void Network::post_up(const SocketPtr& socket, Frames frames) {
  maybe_replay(socket, frames);
  socket->up_last = std::max(socket->up_last, world_->instant() + delay(links_[socket->link]));
  socket->up.push_back({socket->up_last, std::move(frames)});
  world_->at(socket->up_last, [this, socket, peer = socket->peer] { pump_up(socket, peer); });
}

/// A worker's message arrives a second time, later: what a re-send across connections looks like to the broker.
void Network::maybe_replay(const SocketPtr& socket, const Frames& frames) {
  if (!world_->chance(links_[socket->link].replays_percent)) return;
  const auto message = wire::decode(frames);
  if (!message || !(std::get_if<Block>(&*message) || std::get_if<Returned>(&*message))) return;
  world_->after(world_->between(1ms, 2s), [this, frames, socket, peer = socket->peer] {
    if (!at_broker_ || socket->peer != peer || !peers_.contains(peer)) return;
    socket->up.push_back({world_->instant(), frames});
    pump_up(socket, peer);
  });
}

void Network::pump_up(const SocketPtr& socket, PeerId peer) {
  Link& link = links_[socket->link];
  if (socket->peer != peer || !peers_.contains(peer)) return;
  if (link.up_cut_until > world_->instant()) {
    world_->at(link.up_cut_until, [this, socket, peer] { pump_up(socket, peer); });
    return;
  }
  while (at_broker_ && socket->peer == peer && !socket->up.empty() && socket->up.front().due <= world_->instant()) {
    Frames frames = std::move(socket->up.front().frames);
    socket->up.pop_front();
    at_broker_(peer, socket->link, std::move(frames));
  }
}

bool Network::send_to(PeerId peer, const Message& message) {
  const auto it = peers_.find(peer);
  if (it == peers_.end()) return false;
  const SocketPtr socket = it->second;
  if (world_->below(1000) < links_[socket->link].refuses_permille) return false;
  socket->down_last = std::max(socket->down_last, world_->instant() + delay(links_[socket->link]));
  socket->down.push_back({socket->down_last, wire::encode(message)});
  world_->at(socket->down_last, [this, socket, peer] { pump_down(socket, peer); });
  maybe_spring(socket->link, message);
  return true;
}

void Network::pump_down(const SocketPtr& socket, PeerId peer) {
  Link& link = links_[socket->link];
  if (socket->peer != peer) return;
  if (link.down_cut_until > world_->instant()) {
    world_->at(link.down_cut_until, [this, socket, peer] { pump_down(socket, peer); });
    return;
  }
  while (socket->peer == peer && !socket->down.empty() && socket->down.front().due <= world_->instant()) {
    Frames frames = std::move(socket->down.front().frames);
    socket->down.pop_front();
    if (socket->receive) socket->receive(std::move(frames));
  }
}

void Network::listen(AtBroker receive) {
  at_broker_ = std::move(receive);
}

void Network::broker_died() {
  at_broker_ = nullptr;
  for (const auto& [peer, socket] : std::map<PeerId, SocketPtr>(peers_)) detach(socket, true);
  peers_.clear();
}

// ---- Faults --------------------------------------------------------------------------------------------------------

void Network::cut(LinkNumber number, bool up, bool down, Duration time, bool loses) {
  Link& link = links_.at(number);
  const Instant until = world_->instant() + time;
  if (up) link.up_cut_until = std::max(link.up_cut_until, until);
  if (down) link.down_cut_until = std::max(link.down_cut_until, until);
  if (!loses) return;
  world_->at(until, [this, number] { reset(number); });
}

void Network::reset(LinkNumber link) {
  for (const auto& [number, socket] : std::map<SocketNumber, SocketPtr>(sockets_))
    if (socket->link == link) detach(socket, false);
}

void Network::heal_all() {
  trap_ = {};
  for (LinkNumber number = 0; number < links_.size(); ++number) {
    Link& link = links_[number];
    link.replays_percent = link.refuses_permille = 0;
    link.up_cut_until = std::min(link.up_cut_until, world_->instant());
    link.down_cut_until = std::min(link.down_cut_until, world_->instant());
  }
  for (const auto& [peer, socket] : std::map<PeerId, SocketPtr>(peers_)) {
    pump_up(socket, peer);
    pump_down(socket, peer);
  }
}

}  // namespace brigade::sim
