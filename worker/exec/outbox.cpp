#include "worker/exec/outbox.h"

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

void Tray::announce() {
  // The lock orders this: either collect() found the outcome in the tray, or `hungry_` was set before it was put there.
  if (!outbox_->hungry_.load(std::memory_order_relaxed)) return;
  if (outbox_->hungry_.exchange(false)) outbox_->wake_.signal();
}

Tray& Outbox::add_tray() {
  const std::lock_guard lock(trays_mutex_);
  trays_.push_back(std::make_unique<Tray>(*this));
  return *trays_.back();
}

std::vector<Finished> Outbox::collect() {
  std::vector<Finished> finished;
  if (!hungry_.load()) gather(finished);
  if (!finished.empty()) return finished;
  wake_.clear();
  hungry_.store(true);
  gather(finished);  // what came before the flag was seen
  if (!finished.empty()) hungry_.store(false);
  return finished;
}

void Outbox::gather(std::vector<Finished>& finished) {
  const std::lock_guard lock(trays_mutex_);
  for (const auto& tray : trays_) {
    std::vector<Tray::Batch> batches;
    {
      const Tray::Lock tray_lock = tray->lock();
      batches.swap(tray->batches_);
    }
    for (Tray::Batch& batch : batches) {
      const Tray::Origin& origin = batch.origin;
      finished.push_back({origin.lease, origin.job, origin.leased_at, batch.rows.take()});
    }
  }
}

}  // namespace brigade::worker
