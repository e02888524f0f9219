#include "worker/exec/outbox.h"

#include <sys/epoll.h>
#include <sys/timerfd.h>

#include <utility>

namespace brigade::worker {
std::uint64_t weight_of(const Outcomes& outcomes) {
  return outcomes.values.blob.size() + 16 * outcomes.count();
}

void Tray::add(const Lock& lock, const Origin& origin, const OutcomeRow& row, std::string_view value,
               std::string* owned) {
  require(lock.mutex() == &mutex_);
  if (batches_.empty() || batches_.back().origin.lease != origin.lease || !batches_.back().rows.fits(value.size()))
    batches_.push_back({.origin = origin, .rows = {}});
  batches_.back().rows.add(row, value, owned);
}

void Tray::set_growing(const Lock& lock, bool growing, Instant now) {
  require(lock.mutex() == &mutex_);
  if (!batches_.empty() && since_ == Instant{}) since_ = now;
  growing_ = growing;
  ripe_.store(is_ripe(now), std::memory_order_relaxed);
}

bool Tray::stop_growing() {
  const Lock lock(mutex_);
  if (!std::exchange(growing_, false) || batches_.empty()) return false;
  ripe_.store(true, std::memory_order_relaxed);
  return true;
}

bool Tray::is_ripe(Instant now) const {
  if (!growing_ || batches_.size() > 1 || now - since_ >= kGrowthMax) return true;
  return !batches_.empty() && batches_.back().rows.is_grown();
}

void Tray::announce() {
  // The lock orders this: either collect() found the outcome in the tray, or the hunger was set before it was put
  // there.
  const Outbox::Hunger hunger = outbox_->hunger_.load(std::memory_order_relaxed);
  if (hunger == Outbox::Hunger::none) return;
  if (hunger == Outbox::Hunger::ripe && !ripe_.load(std::memory_order_relaxed)) return;
  if (outbox_->hunger_.exchange(Outbox::Hunger::none) != Outbox::Hunger::none) outbox_->wake_.signal();
}

Outbox::Outbox()
    : timer_(::timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK)), epoll_(::epoll_create1(EPOLL_CLOEXEC)) {
  require(static_cast<bool>(timer_) && static_cast<bool>(epoll_));
  for (const int fd : {wake_.fd(), timer_.get()}) {
    epoll_event readable{.events = EPOLLIN, .data = {.fd = fd}};
    require(::epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, fd, &readable) == 0);
  }
}

Tray& Outbox::add_tray() {
  const std::lock_guard lock(trays_mutex_);
  trays_.push_back(std::make_unique<Tray>(*this));
  return *trays_.back();
}

std::vector<Finished> Outbox::collect() {
  std::vector<Finished> finished;
  bool growing = gather(finished);
  if (!finished.empty()) return finished;
  wake_.clear();
  hunger_.store(growing ? Hunger::ripe : Hunger::any);
  growing |= gather(finished);  // what came before the hunger was seen
  if (!finished.empty()) {
    hunger_.store(Hunger::none);
  } else if (growing || timer_armed_) {
    set_timer(growing);
  }
  return finished;
}

// Setting a timer also takes back that it has fired.
void Outbox::set_timer(bool armed) {
  itimerspec spec{};
  if (armed) spec.it_value.tv_nsec = Tray::kGrowthMax.count();
  ::timerfd_settime(timer_.get(), 0, &spec, nullptr);
  timer_armed_ = armed;
}

bool Outbox::gather(std::vector<Finished>& finished) {
  bool growing = false;
  const Instant now = base::monotonic_now();
  const std::lock_guard lock(trays_mutex_);
  for (const auto& tray : trays_) {
    std::vector<Tray::Batch> batches;
    {
      const Tray::Lock tray_lock = tray->lock();
      if (tray->batches_.empty()) continue;
      if (!tray->is_ripe(now)) {
        growing = true;
        continue;
      }
      batches.swap(tray->batches_);
      tray->since_ = {};
    }
    for (Tray::Batch& batch : batches) {
      const Tray::Origin& origin = batch.origin;
      finished.push_back({origin.lease, origin.job, origin.leased_at, batch.rows.take()});
    }
  }
  return growing;
}

}  // namespace brigade::worker
