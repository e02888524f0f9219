// Bodies that broke off in the middle: the next attempt of their task in the same worker goes on from there.
#pragma once

#include <atomic>
#include <cstdint>
#include <list>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <unordered_map>

#include "worker/kinds/fetch/digest.h"

namespace brigade::worker {

struct Partial {
  std::string validator;    ///< of the version that it is a part of; strong
  std::uint64_t bytes = 0;  ///< received so far
  std::string body;         ///< the same, where the job wants it
  Digest digest;
};

/// What a worker remembers of them, in memory: the oldest go first. Thread-safe.
class Partials {
 public:
  explicit Partials(std::uint64_t bytes_max = std::uint64_t{128} << 20) : bytes_max_(bytes_max) {}
  /// Cheap: most of the time there is none.
  bool empty() const { return count_ == 0; }
  void put(const std::string& key, Partial partial);
  /// It is the caller's then.
  std::optional<Partial> take(const std::string& key);

 private:
  struct Kept {
    std::string key;
    Partial partial;
  };
  void drop(std::list<Kept>::iterator kept);

  const std::uint64_t bytes_max_;
  std::mutex mutex_;
  std::list<Kept> kept_;  // oldest first
  std::unordered_map<std::string, std::list<Kept>::iterator> by_key_;
  std::uint64_t bytes_ = 0;  // of bodies
  std::atomic<std::size_t> count_ = 0;
};

}  // namespace brigade::worker
