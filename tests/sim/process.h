// A process that can be killed, stopped and continued: whatever is planned for it waits while it is stopped, and never
// happens once it is dead.
#pragma once

#include <deque>

#include "tests/sim/world.h"

namespace brigade::sim {

class Process {
 public:
  Process(World& world, Actor self) : world_(&world), self_(self) {}
  virtual ~Process() = default;
  Process(const Process&) = delete;
  Process& operator=(const Process&) = delete;

  bool alive() const { return alive_; }
  bool stopped() const { return stopped_; }
  Actor self() const { return self_; }

  void stop() {
    if (!alive_ || stopped_) return;
    stopped_ = true;
    world_->note(self_, "stops");
  }
  void resume() {
    if (!stopped_) return;
    stopped_ = false;
    world_->note(self_, "continues");
    const std::uint64_t life = life_;
    for (std::deque<Action> missed = std::exchange(missed_, {}); !missed.empty(); missed.pop_front()) {
      if (life != life_ || !alive_) return;
      missed.front()();
    }
  }

 protected:
  /// In this life of the process.
  void plan(Instant when, Action action) {
    world_->at(when, [this, life = life_, action = std::move(action)] {
      if (life == life_ && alive_) run(action);
    });
  }
  void plan_after(Duration wait, Action action) { plan(world_->instant() + wait, std::move(action)); }
  /// Now, unless stopped.
  void run(const Action& action) {
    if (stopped_)
      missed_.push_back(action);
    else
      action();
  }
  void begin_life() {
    alive_ = true;
    stopped_ = false;
    ++life_;
    missed_.clear();
  }
  void end_life() {
    alive_ = false;
    stopped_ = false;
    ++life_;
    missed_.clear();
  }
  std::uint64_t life() const { return life_; }

  World* world_;

 private:
  Actor self_;
  bool alive_ = false;
  bool stopped_ = false;
  std::uint64_t life_ = 0;
  std::deque<Action> missed_;
};

}  // namespace brigade::sim
