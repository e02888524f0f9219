// Where every request wants a permit (of a job with limits), is to be looked up in the cache, or must be allowed by a
// robots.txt, libcurl follows no redirects: each is a transfer of its own, as libcurl would have made it.
#include <algorithm>
#include <chrono>
#include <string>

#include "worker/kinds/fetch/transfer.h"
#include "worker/kinds/fetch/url_parts.h"

namespace brigade::worker {
namespace {

constexpr curl_off_t kRetryAfterMaxS = 3600;

long status_of(CURL* easy) {
  long status = 0;
  curl_easy_getinfo(easy, CURLINFO_RESPONSE_CODE, &status);
  return status;
}

bool is_named(std::string_view header, std::string_view name) {
  return header.size() > name.size() && header[name.size()] == ':' &&
         std::equal(name.begin(), name.end(), header.begin(), [](char a, char b) {
           return std::tolower(static_cast<unsigned char>(a)) == std::tolower(static_cast<unsigned char>(b));
         });
}

}  // namespace

Target Transfer::target() const {
  constexpr std::size_t kNameMax = 200;  // for people; hosts are shorter
  std::optional<UrlParts> parts = url_parts(url());
  return !parts || parts->origin.size() > kNameMax ? Target{} : target_of(std::move(parts->origin));
}

Duration Transfer::asked_to_wait() const {
  const long status = status_of(easy_);
  if (status != 429 && status != 503) return {};
  curl_off_t seconds = 0;
  curl_easy_getinfo(easy_, CURLINFO_RETRY_AFTER, &seconds);
  return std::chrono::seconds(std::clamp<curl_off_t>(seconds, 0, kRetryAfterMaxS));
}

bool Transfer::follow(CURLcode code) {
  const auto next = [this] {
    return cache_ && cache_->is_unchanged(easy_) ? !serve_kept() : job_->options.follow && redirect();
  };
  if (!is_refused_part(code) && (!job_->one_by_one || code != CURLE_OK || !next())) return false;
  curl_off_t us = 0;
  curl_easy_getinfo(easy_, CURLINFO_TOTAL_TIME_T, &us);
  earlier_ms_ += static_cast<double>(us) / 1000;
  forget_answer();
  add_conditions();
  return true;
}

bool Transfer::redirect() {
  const char* next = nullptr;
  curl_easy_getinfo(easy_, CURLINFO_REDIRECT_URL, &next);
  if (next == nullptr) return false;
  if (redirects_ >= job_->options.max_redirects) {
    too_many_redirects_ = true;
    return false;
  }
  ++redirects_;
  const long status = status_of(easy_);
  const std::string from = target().name;
  hop_ = next;
  curl_easy_setopt(easy_, CURLOPT_URL, hop_.c_str());
  // A body goes on only where the answer says "the same again" (307, 308). A HEAD stays one.
  if ((status == 301 || status == 302 || status == 303) && task_.method != "HEAD")
    curl_easy_setopt(easy_, CURLOPT_HTTPGET, 1L);
  if (target().name != from) drop_credentials();
  return true;
}

const curl_slist* Transfer::headers() const {
  if (headers_elsewhere_) return headers_elsewhere_.get();
  return task_.own_headers ? task_.own_headers.get() : job_->headers.get();
}

// What was meant for one host is not for another.
void Transfer::drop_credentials() {
  curl_slist* kept = nullptr;
  for (const curl_slist* each = headers(); each != nullptr; each = each->next)
    if (!is_named(each->data, "Authorization") && !is_named(each->data, "Cookie"))
      kept = curl_slist_append(kept, each->data);
  curl_easy_setopt(easy_, CURLOPT_HTTPHEADER, kept);
  headers_elsewhere_.reset(kept);
}

}  // namespace brigade::worker
