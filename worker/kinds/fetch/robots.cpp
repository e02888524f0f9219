#include "worker/kinds/fetch/robots.h"

#include <chrono>
#include <utility>

#include "proto/wire/kinds.h"
#include "worker/kinds/fetch/url_parts.h"

namespace brigade::worker {
namespace {

constexpr std::size_t kOriginsMax = 20'000;
constexpr std::size_t kBytesMax = 32 * 1024 * 1024;
/// A server that could not say what it allows is asked again only after so long.
constexpr Duration kAskAgainAfter = std::chrono::seconds(10);
constexpr std::uint32_t kAskAgainAfterMs = 10'000;

std::size_t bytes_of(const Robots::Word& word) {
  return sizeof word + word.rules.bytes() + (word.failure ? word.failure->value.size() : 0);
}

Robots::Word not_said(Ending failure, Instant now) {
  if (failure.retry_after_ms != kFinal) failure.retry_after_ms = std::max(failure.retry_after_ms, kAskAgainAfterMs);
  return {.rules = {}, .failure = std::move(failure), .until = now + kAskAgainAfter};
}

Robots::Word word_of(const Ending& ending, const std::string& url, const std::string& product, Instant now) {
  if (ending.status != TaskStatus::ok) {
    Ending failure = ending;
    failure.value = "its robots.txt: " + ending.value;
    return not_said(std::move(failure), now);
  }
  const auto answer = wire::decode_fetch_answer(ending.value);
  require(answer && answer->body);
  const bool said = answer->http_status >= 200 && answer->http_status < 300;
  const bool absent = answer->http_status >= 400 && answer->http_status < 500;
  if (!said && !absent)
    return not_said(Ending::retryable(TaskStatus::robots, url + " answers HTTP " + std::to_string(answer->http_status) +
                                                              ", so nothing of that server may be fetched"),
                    now);
  return {.rules = said ? RobotsRules(*answer->body, product) : RobotsRules(), .failure = {}};
}

}  // namespace

void Robots::Errand::fetched(const Ending& ending, Instant now) {
  if (ending.status == TaskStatus::cancelled) return;  // whoever waits may have better luck
  auto word = std::make_shared<const Word>(word_of(ending, url(), robots_->product_, now));
  std::exchange(robots_, nullptr)->settle(origin_, std::move(word));
}

Robots::Turn Robots::ask(const std::string& origin, Instant now, std::function<void()> wake) {
  const std::lock_guard lock(mutex_);
  Origin& entry = origins_[origin];
  if (entry.under_way) {
    entry.waiting.push_back(std::move(wake));
    return {};
  }
  if (entry.word && now < entry.word->until) return {.word = entry.word, .errand = {}};
  entry.under_way = true;
  Turn turn;
  turn.errand.emplace(*this, origin);
  return turn;
}

void Robots::settle(const std::string& origin, std::shared_ptr<const Word> word) {
  std::vector<std::function<void()>> waiting;
  {
    const std::lock_guard lock(mutex_);
    Origin& entry = origins_.at(origin);
    entry.under_way = false;
    waiting = std::move(entry.waiting);
    if (word) {
      bytes_ += bytes_of(*word);
      if (entry.word) {
        bytes_ -= bytes_of(*entry.word);
      } else {
        known_.push_back(origin);
      }
      entry.word = std::move(word);
      forget_oldest();
    }
  }
  for (const auto& wake : waiting) wake();
}

// One that is asked for again just now keeps its word until then.
void Robots::forget_oldest() {
  for (std::size_t looked_at = known_.size(); looked_at > 1; --looked_at) {
    if (known_.size() <= kOriginsMax && bytes_ <= kBytesMax) return;
    const auto oldest = origins_.find(known_.front());
    if (oldest->second.under_way) {
      known_.push_back(std::move(known_.front()));
    } else {
      bytes_ -= bytes_of(*oldest->second.word);
      origins_.erase(oldest);
    }
    known_.pop_front();
  }
}

std::optional<Ending> Robots::refusal(const Word& word, const UrlParts& url) const {
  if (word.failure) return word.failure;
  const std::string_view pattern = word.rules.forbids(url.path);
  if (pattern.empty()) return std::nullopt;
  return Ending::failed(TaskStatus::robots, url.origin + "/robots.txt forbids '" + product_ + "' what matches '" +
                                                std::string(pattern.substr(0, 200)) + "'");
}

}  // namespace brigade::worker
