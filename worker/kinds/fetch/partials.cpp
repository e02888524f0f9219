#include "worker/kinds/fetch/partials.h"

#include <utility>

namespace brigade::worker {
namespace {

constexpr std::size_t kPartialsMax = 10'000;

}  // namespace

void Partials::put(const std::string& key, Partial partial) {
  if (partial.body.size() > bytes_max_) return;
  const std::lock_guard lock(mutex_);
  if (const auto known = by_key_.find(key); known != by_key_.end()) drop(known->second);
  bytes_ += partial.body.size();
  kept_.push_back({key, std::move(partial)});
  by_key_.emplace(key, std::prev(kept_.end()));
  count_ = kept_.size();
  while (bytes_ > bytes_max_ || kept_.size() > kPartialsMax) drop(kept_.begin());
}

std::optional<Partial> Partials::take(const std::string& key) {
  const std::lock_guard lock(mutex_);
  const auto known = by_key_.find(key);
  if (known == by_key_.end()) return std::nullopt;
  std::optional<Partial> partial(std::move(known->second->partial));
  bytes_ -= partial->body.size();
  known->second->partial.body.clear();
  drop(known->second);
  return partial;
}

void Partials::drop(std::list<Kept>::iterator kept) {
  bytes_ -= kept->partial.body.size();
  by_key_.erase(kept->key);
  kept_.erase(kept);
  count_ = kept_.size();
}

}  // namespace brigade::worker
