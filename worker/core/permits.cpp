#include "worker/core/permits.h"

#include <algorithm>

namespace brigade::worker {
namespace {

constexpr std::int64_t kDrift = 5000;  // clocks drift apart by less than one part in this
/// Messages that are all late for so long are not: the broker's clock stood still, as that of a paused machine does.
constexpr Duration kBelieved = std::chrono::seconds(5);

}  // namespace

void PermitBook::on_news(const PermitNews& news, bool standing, Commands& out) {
  const Key key{news.job, news.target};
  Entry& entry = entries_[key];
  const std::uint32_t came_and_went = std::min(news.wanted, news.unwanted);
  const std::uint32_t wanted = news.wanted - came_and_went;
  if (!news.name.empty()) entry.name = news.name;
  entry.counted |= news.counted;
  // What was said before an Abort may come to its end after it.
  const std::uint32_t unwanted = std::min(news.unwanted - came_and_went, entry.waiting);
  const std::uint32_t permits = std::min(news.ended, entry.in_use);
  entry.waiting = entry.waiting + wanted - unwanted;
  entry.in_use -= permits;
  if (standing) {
    if (permits > 0 || unwanted > 0)
      out.push_back(Send{Release{.job = news.job, .target = news.target, .permits = permits, .unwanted = unwanted}});
    if (wanted > 0)
      out.push_back(Send{Want{.job = news.job, .target = news.target, .name = entry.name, .count = wanted}});
    if (news.hold > Duration{})
      out.push_back(Send{Hold{.job = news.job, .target = news.target, .name = entry.name, .wait = news.hold}});
  }
  forget_if_idle(key);
}

void PermitBook::on_grant(const Grant& grant, Instant now, Commands& out) {
  const Instant first = grant.first + offset(grant, now);
  const Key key{grant.job, grant.target};
  const auto it = entries_.find(key);
  const std::uint32_t taken = it == entries_.end() ? 0 : std::min(grant.count, it->second.waiting);
  const std::uint32_t excess = grant.count - taken;  // what waited was taken back meanwhile
  if (excess > 0)
    out.push_back(Send{Release{.job = grant.job, .target = grant.target, .permits = excess, .unwanted = 0}});
  if (taken == 0) return;
  it->second.waiting -= taken;
  if (it->second.counted) it->second.in_use += taken;
  out.push_back(Admit{grant.job, grant.target, taken, first, grant.spacing});
  forget_if_idle(key);
}

void PermitBook::on_welcome(Commands& out) {
  offset_ = Duration::max();  // another broker has another clock
  late_since_ = kNever;
  for (const auto& [key, entry] : entries_)
    out.push_back(Send{Want{
        .job = key.first, .target = key.second, .name = entry.name, .count = entry.waiting, .in_use = entry.in_use}});
}

void PermitBook::on_abort(JobId job) {
  std::erase_if(entries_, [job](const auto& entry) { return entry.first.first == job; });
}

/// What to add to the broker's clock to have this worker's. A message that was long on its way, or read late, would
/// make its permits seem later than they are: the quickest one counts.
Duration PermitBook::offset(const Grant& grant, Instant now) {
  const Duration seen = now - grant.sent;
  if (offset_ != Duration::max()) offset_ += (now - offset_at_) / kDrift;
  offset_at_ = now;
  if (offset_ == Duration::max() || seen <= offset_ + kPermitLasts) {
    late_since_ = kNever;
    return offset_ = std::min(offset_, seen);
  }
  least_late_ = late_since_ == kNever ? seen : std::min(least_late_, seen);
  late_since_ = std::min(late_since_, now);
  if (now - late_since_ < kBelieved) return offset_;
  late_since_ = kNever;
  return offset_ = least_late_;
}

void PermitBook::forget_if_idle(const Key& key) {
  const auto it = entries_.find(key);
  if (it != entries_.end() && it->second.waiting == 0 && it->second.in_use == 0) entries_.erase(it);
}

std::uint64_t PermitBook::waiting() const {
  std::uint64_t sum = 0;
  for (const auto& [key, entry] : entries_) sum += entry.waiting;
  return sum;
}

std::uint64_t PermitBook::in_use() const {
  std::uint64_t sum = 0;
  for (const auto& [key, entry] : entries_) sum += entry.in_use;
  return sum;
}

}  // namespace brigade::worker
