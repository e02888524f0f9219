// What one transfer has to do with its worker's cache: before a request it looks for an answer that is kept, and asks
// the server only whether that has changed; what is new it keeps.
#pragma once

#include <curl/curl.h>

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "worker/kinds/fetch/fetch_job.h"
#include "worker/kinds/fetch/http_cache.h"

namespace brigade::worker {

class CacheUse {
 public:
  explicit CacheUse(std::shared_ptr<HttpCache> cache) : cache_(std::move(cache)) {}
  ~CacheUse() { stop_keeping(); }
  CacheUse(const CacheUse&) = delete;
  CacheUse& operator=(const CacheUse&) = delete;

  /// A task begins.
  void reset();
  /// Before each request that sends `headers`: what to send beside them, the conditions of what is kept.
  std::vector<std::string> look_up(const FetchJob& job, const std::string& method, const std::string& url,
                                   const curl_slist* headers);
  /// What is kept proved to be damaged, or is not what the server means: the next look_up() passes over it.
  void distrust() { distrusted_ = true; }

  /// Whether the server has said, of a request that named what is kept, that it has not changed.
  bool is_unchanged(CURL* easy) const;
  const CachedAnswer& kept() const { return *kept_; }
  /// Nothing where the file is gone or damaged.
  std::optional<std::string> body() const { return cache_->body(key_, *kept_); }
  void touch() const { cache_->touch(key_); }

  /// With the first piece of an answer's body: whether to hold it in order to keep it.
  bool keeps(CURL* easy);
  /// Whether there is room for so many bytes more, that nobody but the cache wants.
  bool hold(std::uint64_t bytes);
  void stop_keeping();
  /// Keeps the answer, if that is what keeps() said.
  void keep(const wire::FetchAnswer& answer, std::string_view body);

 private:
  std::shared_ptr<HttpCache> cache_;
  std::string key_;  // empty: this request is none for the cache
  std::optional<CachedAnswer> kept_;
  std::optional<CachedAnswer> coming_;  // the answer that is being received, if it is to be kept
  std::uint64_t held_ = 0;
  bool distrusted_ = false;
};

}  // namespace brigade::worker
