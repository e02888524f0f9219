#include "tests/sim/simulation.h"

#include <algorithm>

namespace brigade::sim {
namespace {

/// All must have ended so long after the last fault.
constexpr Duration kPatience = 400s;

}  // namespace

Simulation::Simulation(const Options& options)
    : world_(options),
      plan_(make_plan(world_)),
      network_(world_),
      disk_(world_),
      checker_(world_, plan_, disk_),
      broker_(world_, plan_, network_, disk_, checker_) {
  build();
}

void Simulation::build() {
  const auto add_link = [this] {
    Link link;
    if (plan_.slow_network) link.delay_max = world_.between(1ms, 80ms);
    link.replays_percent = plan_.replays_percent;
    link.refuses_permille = plan_.refuses_permille;
    return network_.add_link(link);
  };
  for (const WorkerPlan& self : plan_.workers) {
    const auto number = static_cast<unsigned>(workers_.size());
    workers_.push_back(
        std::make_unique<WorkerActor>(world_, number, WorkerActor::Parts{plan_, self, network_, checker_, add_link()}));
    WorkerActor& worker = *workers_.back();
    worker.on_end([this, &worker] { world_.after(world_.between(10ms, 600ms), [&worker] { worker.start(); }); });
    world_.after(world_.between(0ms, 300ms), [&worker] { worker.start(); });
  }
  for (const Script& script : plan_.clients) {
    const auto number = static_cast<unsigned>(clients_.size());
    clients_.push_back(std::make_unique<ClientActor>(
        world_, number, ClientActor::Parts{plan_, network_, checker_, add_link()}, script));
    ClientActor& client = *clients_.back();
    world_.after(world_.between(0ms, 300ms), [&client] { client.start(); });
  }
  network_.set_trap(plan_.trap_kind, plan_.trap_percent);
  auditor_link_ = network_.add_link({});
  broker_.on_end([this] { world_.after(world_.between(10ms, 800ms), [this] { revive_broker(); }); });
  world_.after(world_.between(0ms, 300ms), [this] { revive_broker(); });
  world_.after(plan_.faults.until, [this] { end_faults(); });
  plan_fault();
}

// ---- Faults --------------------------------------------------------------------------------------------------------

void Simulation::plan_fault() {
  unsigned total = 0;
  for (const unsigned weight : plan_.faults.weights) total += weight;
  if (plan_.faults.every == Duration{} || total == 0) return;
  world_.after(world_.between(1us, plan_.faults.every * 2), [this, total] {
    if (calm_) return;
    std::uint64_t drawn = world_.below(total);
    std::size_t fault = 0;
    while (drawn >= plan_.faults.weights[fault]) drawn -= plan_.faults.weights[fault++];
    strike(static_cast<Fault>(fault));
    plan_fault();
  });
}

void Simulation::strike(Fault fault) {
  switch (fault) {
    case Fault::kill_broker:
      return broker_.kill();  // started again by on_end
    case Fault::kill_broker_midway:
      return broker_.kill_after(world_.below(6));
    case Fault::stop_broker:
      return pause(broker_);
    case Fault::stall_store:
      return broker_.stall_store(world_.between(10ms, 2s));
    case Fault::jump_clock:
      return world_.shift_wall_clock(
          std::chrono::milliseconds(static_cast<std::int64_t>(world_.below(7'200'000)) - 3'600'000));
    case Fault::cut:
    case Fault::reset: {
      const LinkNumber link = world_.below(workers_.size() + clients_.size());
      world_.note({'x', 0}, fault == Fault::cut ? "cuts link" : "resets link", {}, {link});
      if (fault == Fault::reset) return network_.reset(link);
      const std::uint64_t which = world_.between(1, 3);
      return network_.cut(link, (which & 1) != 0, (which & 2) != 0, world_.between(10ms, 6s), world_.chance(50));
    }
    default:
      return strike_party(fault);
  }
}

void Simulation::strike_party(Fault fault) {
  WorkerActor& worker = *workers_[world_.below(workers_.size())];
  ClientActor& client = *clients_[world_.below(clients_.size())];
  switch (fault) {
    case Fault::kill_worker:
      return worker.kill();  // started again by on_end
    case Fault::drain_worker:
      return worker.drain();
    case Fault::stop_worker:
      return pause(worker);
    case Fault::stop_client:
      return pause(client);
    case Fault::kill_client:
      if (!client.alive()) return;
      client.kill();
      return world_.after(world_.between(10ms, 800ms), [&client] { client.start(); });
    default:
      return;
  }
}

void Simulation::pause(Process& process) {
  if (process.stopped() || !process.alive()) return;
  process.stop();
  world_.after(world_.between(1ms, world_.chance(30) ? Duration(8s) : Duration(500ms)),
               [&process] { process.resume(); });
}

void Simulation::revive_broker() {
  if (!broker_.alive()) broker_.start();
  if (calm_) broker_.set_fast_store();
}

void Simulation::end_faults() {
  calm_ = true;
  world_.note({'x', 0}, "faults end");
  network_.heal_all();
  broker_.resume();
  for (const auto& worker : workers_) worker->resume();
  for (const auto& client : clients_) client->resume();
  broker_.set_fast_store();
  world_.after(8s, [this] { check_leases(); });
  world_.after(1s, [this] { check_end(); });
}

// ---- The end -------------------------------------------------------------------------------------------------------

bool Simulation::scripts_done() const {
  return std::ranges::all_of(clients_, [](const auto& client) { return client->done(); });
}

void Simulation::check_end() {
  if (!auditor_ && scripts_done() && checker_.all_ended()) start_audit();
  if (auditor_ && auditor_->done()) {
    checker_.check_all();
    over_ = true;
    return;
  }
  world_.after(50ms, [this] { check_end(); });
}

/// No task stays leased to a worker that does not have it. (A moment is allowed: messages travel.)
void Simulation::check_leases() {
  std::set<std::pair<LeaseId, std::uint64_t>> missing;
  if (broker_.alive())
    for (const auto& [id, lease] : broker_.state().leases) {
      const InstanceId instance = broker_.state().workers.at(lease.worker).instance;
      for (const auto& worker : workers_)
        for (const Run& run : lease.open.runs())
          for (std::uint64_t index = run.first; index < run.end() && worker->instance() == instance; ++index)
            if (!worker->has(id, index)) missing.insert({id, index});
    }
  for (const auto& [lease, index] : missing)
    if (missing_.contains({lease, index}))
      world_.fail("task " + std::to_string(index) + " of lease " + std::to_string(lease.value) +
                  " stays leased to a worker that does not have it");
  missing_ = std::move(missing);
  world_.after(2s, [this] { check_leases(); });
}

/// A fresh client reads everything in every way.
void Simulation::start_audit() {
  Script script;
  for (const auto& [number, id] : checker_.accepted_jobs()) {
    script.push_back({.what = What::submit, .job = number});
    script.push_back({.what = What::wait, .job = number});
    script.push_back({.what = What::read, .job = number, .order = Order::completion, .with_arguments = true});
    script.push_back({.what = What::read, .job = number, .order = Order::input, .with_arguments = true});
    script.push_back({.what = What::read, .job = number, .order = Order::completion, .failed_only = true});
    script.push_back({.what = What::read, .job = number, .order = Order::input, .failed_only = true});
  }
  std::erase_if(script, [this](const ClientStep& step) { return checker_.may_be_gone(checker_.id_of(step.job)); });
  auditor_ = std::make_unique<ClientActor>(world_, 99, ClientActor::Parts{plan_, network_, checker_, auditor_link_},
                                           std::move(script));
  auditor_->start();
}

Report Simulation::run() {
  const Instant limit = world_.instant() + plan_.faults.until + kPatience;
  while (!over_ && !world_.failed()) {
    if (!world_.step()) world_.fail("nothing happens any more");
    if (world_.instant() <= limit) continue;
    std::string why = "the world does not end: " + checker_.unfinished();
    for (std::size_t i = 0; i < clients_.size(); ++i)
      if (!clients_[i]->done()) why += "; client " + std::to_string(i) + " is at " + clients_[i]->doing();
    if (auditor_) why += "; the auditor is at " + auditor_->doing();
    world_.fail(why);
  }
  Report report{.events = world_.events(), .hash = world_.trace().hash(), .failure = world_.failure()};
  report.simulated = world_.instant() - Instant(1h);
  if (world_.failed()) report.last = world_.trace().last();
  return report;
}

}  // namespace brigade::sim
