#include "worker/kinds/fetch/cache_use.h"

#include <utility>

#include "worker/kinds/fetch/cache_rules.h"

namespace brigade::worker {
namespace {

long status_of(CURL* easy) {
  long status = 0;
  curl_easy_getinfo(easy, CURLINFO_RESPONSE_CODE, &status);
  return status;
}

std::string first_of(std::vector<std::string> values) {
  return values.empty() ? std::string() : std::move(values.front());
}

}  // namespace

void CacheUse::reset() {
  stop_keeping();
  distrusted_ = false;
}

std::vector<std::string> CacheUse::look_up(const FetchJob& job, const std::string& method, const std::string& url,
                                           const curl_slist* headers) {
  stop_keeping();
  kept_.reset();
  key_ = request_may_be_cached(method, url, headers) ? cache_key(job, url, headers) : std::string();
  if (!key_.empty() && !std::exchange(distrusted_, false)) kept_ = cache_->find(key_);
  std::vector<std::string> conditions;
  if (kept_ && !kept_->etag.empty()) conditions.push_back("If-None-Match: " + kept_->etag);
  if (kept_ && !kept_->last_modified.empty()) conditions.push_back("If-Modified-Since: " + kept_->last_modified);
  return conditions;
}

bool CacheUse::is_unchanged(CURL* easy) const {
  return kept_ && status_of(easy) == 304;
}

bool CacheUse::keeps(CURL* easy) {
  if (key_.empty() || status_of(easy) != 200) return false;
  CachedAnswer answer;
  answer.etag = first_of(answer_headers(easy, "ETag"));
  answer.last_modified = first_of(answer_headers(easy, "Last-Modified"));
  if (answer.etag.empty() && answer.last_modified.empty()) return false;
  if (!answer_may_be_kept(answer_headers(easy, "Cache-Control"), answer_headers(easy, "Vary"))) return false;
  coming_ = std::move(answer);
  return true;
}

bool CacheUse::hold(std::uint64_t bytes) {
  if (!cache_->reserve(bytes)) return false;
  held_ += bytes;
  return true;
}

void CacheUse::stop_keeping() {
  coming_.reset();
  cache_->release(std::exchange(held_, 0));
}

void CacheUse::keep(const wire::FetchAnswer& answer, std::string_view body) {
  if (!coming_ || body.size() != answer.bytes) return stop_keeping();
  coming_->content_type = answer.content_type;
  coming_->sha256 = answer.sha256;
  coming_->bytes = answer.bytes;
  cache_->put(key_, *coming_, body);
  stop_keeping();
}

}  // namespace brigade::worker
