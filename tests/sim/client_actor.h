// A client's process: the real core, with what its loop does, and a user who works through a script of calls.
#pragma once

#include <deque>
#include <map>
#include <memory>
#include <optional>

#include "client/core/core.h"
#include "tests/sim/checker.h"
#include "tests/sim/network.h"
#include "tests/sim/process.h"

namespace brigade::sim {

class ClientActor final : public Process {
 public:
  struct Parts {
    const Plan& plan;
    Network& network;
    Checker& checker;
    LinkNumber link = 0;
  };
  ClientActor(World& world, unsigned number, Parts parts, Script script)
      : Process(world, {'c', number}), parts_(parts), script_(std::move(script)) {}

  void start();
  void kill();
  bool done() const { return at_ == script_.size(); }
  /// What it is about, for a message when it does not end.
  std::string doing() const;

 private:
  void next_step();
  client::ReadCalled read_call(const ClientStep& step, JobId job) const;
  std::optional<client::ReadCalled> read_next() const;
  void begin_call(client::Event event);
  void end_call(const client::CallResult& result);
  void failed(const Error& error);
  void try_again();
  void step_done();
  void read_done(const client::ReadDone& done);

  void feed(const client::Event& event);
  void feed_all(const client::Event& event);
  void carry_out(client::Command& command);
  void connect();
  void send(const Message& message);
  void pull_chunk(std::uint64_t sequence);
  void deliver();
  void arrived(const Frames& frames);
  void receive(const Frames& frames);
  void arm();
  const ClientStep& step() const { return script_.at(at_); }
  const JobPlan& job() const { return parts_.plan.jobs.at(step().job); }

  Parts parts_;
  Script script_;
  std::size_t at_ = 0;
  std::unique_ptr<client::Core> core_;
  std::optional<SocketNumber> socket_;
  std::uint64_t connection_ = 0;  ///< counts sockets: what came for an earlier one is dropped
  std::deque<client::Event> pending_;
  std::deque<Frames> inbox_;  ///< what came between calls
  bool calling_ = false;
  std::optional<client::CallResult> finished_;
  Instant armed_ = kNever;

  // Of the call under way.
  std::map<std::uint64_t, Chunk> chunks_;
  std::uint64_t next_task_ = 0;
  std::optional<Results> results_;

  // Of the read under way; it survives errors and, since the user has both, the process.
  std::map<std::uint64_t, TaskStatus> seen_;
  std::uint64_t cursor_ = 0;
};

}  // namespace brigade::sim
