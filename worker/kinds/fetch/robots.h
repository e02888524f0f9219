// The robots.txt of the origins that one job asks: who of its tasks gets it, who waits for that, and what it says.
#pragma once

#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "proto/model/time.h"
#include "worker/kinds/fetch/robots_rules.h"
#include "worker/kinds/kind.h"

namespace brigade::worker {

struct UrlParts;

/// Thread-safe.
class Robots {
 public:
  /// `product`: as product_of() makes it.
  explicit Robots(std::string product) : product_(std::move(product)) {}

  /// What an origin's robots.txt says, or how the attempt to get it failed.
  struct Word {
    RobotsRules rules;
    std::optional<Ending> failure;
    Instant until = kNever;  ///< then it is asked for again
  };

  /// The duty to get one origin's file. Who drops it without fetched() leaves it to one of those that wait.
  class Errand {
   public:
    Errand(Robots& robots, std::string origin) : robots_(&robots), origin_(std::move(origin)) {}
    Errand(Errand&& other) noexcept
        : robots_(std::exchange(other.robots_, nullptr)), origin_(std::move(other.origin_)) {}
    Errand& operator=(Errand&&) = delete;
    ~Errand() {
      if (robots_ != nullptr) robots_->settle(origin_, nullptr);
    }
    std::string url() const { return origin_ + "/robots.txt"; }
    /// `ending`: of a fetch of url() with its body.
    void fetched(const Ending& ending, Instant now);

   private:
    Robots* robots_;
    std::string origin_;
  };

  /// One of: its word; an errand, which the caller has to run, and then asks again; or nothing: `wake` will be called,
  /// once, by whatever thread, and then the caller asks again.
  struct Turn {
    std::shared_ptr<const Word> word;
    std::optional<Errand> errand;
  };
  Turn ask(const std::string& origin, Instant now, std::function<void()> wake);

  /// How a task ends whose next request goes there; nothing: it may go on.
  std::optional<Ending> refusal(const Word& word, const UrlParts& url) const;

 private:
  struct Origin {
    std::shared_ptr<const Word> word;
    bool under_way = false;
    std::vector<std::function<void()>> waiting;
  };
  void settle(const std::string& origin, std::shared_ptr<const Word> word);
  void forget_oldest();

  const std::string product_;
  std::mutex mutex_;
  std::unordered_map<std::string, Origin> origins_;
  std::deque<std::string> known_;  // origins with a word, in the order in which they got it
  std::size_t bytes_ = 0;          // of all words
};

}  // namespace brigade::worker
