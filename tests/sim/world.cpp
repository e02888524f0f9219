#include "tests/sim/world.h"

#include <algorithm>

namespace brigade::sim {

World::World(const Options& options) : options_(options), random_(options.seed) {
  trace_.set_print(options.print);
  now_ += 1h;  // no party may depend on the clock's beginning
}

Now World::now() const {
  constexpr std::int64_t kStartMs = 1'700'000'000'000;
  const auto passed = std::chrono::duration_cast<std::chrono::milliseconds>(now_.time_since_epoch());
  return {now_, UtcMs{kStartMs + passed.count() + wall_shift_ms_}};
}

void World::at(Instant when, Action action) {
  queue_.push_back({std::max(when, now_), ++orders_, std::move(action)});
  std::push_heap(queue_.begin(), queue_.end());
}

bool World::step() {
  if (queue_.empty()) return false;
  std::pop_heap(queue_.begin(), queue_.end());
  const Planned next = std::move(queue_.back());
  queue_.pop_back();
  now_ = next.when;
  ++events_;
  next.action();
  return true;
}

Duration World::between(Duration from, Duration to) {
  return from + Duration(static_cast<std::int64_t>(below(static_cast<std::uint64_t>((to - from).count()) + 1)));
}

void World::fail(const std::string& why) {
  if (!failed()) failure_ = why;
}

}  // namespace brigade::sim
