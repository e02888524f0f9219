#include "worker/kinds/fetch/lookups.h"

#include <algorithm>
#include <cctype>
#include <chrono>
#include <utility>

namespace brigade::worker {
namespace {

constexpr Duration kKnownFor = std::chrono::seconds(45);  // libcurl's cache keeps a name for 60 s
constexpr std::size_t kKnownMax = 20'000;

bool is_address(std::string_view host) {
  return host.empty() || host.front() == '[' ||
         std::all_of(host.begin(), host.end(), [](unsigned char c) { return std::isdigit(c) != 0 || c == '.'; });
}

}  // namespace

std::string Lookups::host_of(std::string_view url) {
  const std::size_t scheme = url.find("://");
  if (scheme != std::string_view::npos) url.remove_prefix(scheme + 3);
  url = url.substr(0, url.find_first_of("/?#\\"));
  const std::size_t at = url.rfind('@');
  if (at != std::string_view::npos) url.remove_prefix(at + 1);
  if (url.empty() || url.front() == '[') return "";
  url = url.substr(0, url.find(':'));
  if (is_address(url)) return "";
  std::string host(url);
  std::transform(host.begin(), host.end(), host.begin(), [](unsigned char c) { return std::tolower(c); });
  return host;
}

bool Lookups::start(Ticket ticket, const std::string& host, Instant now) {
  if (host.empty()) return true;
  const auto known = known_until_.find(host);
  if (known != known_until_.end() && now < known->second) return true;
  Host& waiting = hosts_[host];
  if (!waiting.running && waiting.waiting.empty()) {
    if (running_ < most_) {
      waiting.running = true;
      ++running_;
      return true;
    }
    queue_.push_back(host);
  }
  waiting.waiting.push_back(ticket);
  return false;
}

Lookups::Next Lookups::finished(const std::string& host, Outcome outcome, Instant now) {
  Next next;
  const auto entry = hosts_.find(host);
  if (entry == hosts_.end() || !entry->second.running) return next;
  std::vector<Ticket>& waiting = entry->second.waiting;
  if (outcome == Outcome::unknown && !waiting.empty()) {
    next.startable.push_back(waiting.front());
    waiting.erase(waiting.begin());
    return next;
  }
  (outcome == Outcome::not_found ? next.failed : next.startable) = std::move(waiting);
  hosts_.erase(entry);
  --running_;
  if (outcome == Outcome::found) remember(host, now);
  start_waiting_hosts(next);
  return next;
}

void Lookups::remember(const std::string& host, Instant now) {
  if (known_until_.size() >= kKnownMax) known_until_.clear();
  known_until_[host] = now + kKnownFor;
}

void Lookups::start_waiting_hosts(Next& next) {
  while (running_ < most_ && !queue_.empty()) {
    const auto host = hosts_.find(queue_.front());
    queue_.pop_front();
    if (host == hosts_.end() || host->second.running || host->second.waiting.empty()) continue;
    host->second.running = true;
    ++running_;
    next.startable.push_back(host->second.waiting.front());
    host->second.waiting.erase(host->second.waiting.begin());
  }
}

void Lookups::forget(Ticket ticket, const std::string& host) {
  const auto entry = hosts_.find(host);
  if (entry == hosts_.end()) return;
  std::erase(entry->second.waiting, ticket);
  if (!entry->second.running && entry->second.waiting.empty()) {
    hosts_.erase(entry);
    std::erase(queue_, host);
  }
}

}  // namespace brigade::worker
