// A transfer and its worker's cache.
#include "worker/kinds/fetch/cache_rules.h"
#include "worker/kinds/fetch/transfer.h"

namespace brigade::worker {

/// The server says that nothing has changed. False: what is kept cannot be used, so the whole answer must be asked for.
bool Transfer::serve_kept() {
  const std::vector<std::string> tags = answer_headers(easy_, "ETag");
  const CachedAnswer& kept = cache_->kept();
  const bool meant = tags.empty() || kept.etag.empty() || same_tag(tags.front(), kept.etag);
  std::optional<std::string> body;
  if (meant && kept.bytes <= job_->body_max && job_->options.body) {
    body = cache_->body();
  } else if (meant) {
    body.emplace();
  }
  if (!body) {
    cache_->distrust();
    return false;
  }
  body_ = *std::move(body);
  bytes_ = kept.bytes;
  body_too_large_ = kept.bytes > job_->body_max;
  cached_ = true;
  cache_->touch();
  return true;
}

void Transfer::describe_kept(wire::FetchAnswer& answer) const {
  const CachedAnswer& kept = cache_->kept();
  answer.http_status = 200;
  answer.content_type = kept.content_type;
  answer.sha256 = kept.sha256;
  answer.cached = true;
}

/// Counts a piece of a body that is held for the cache; or gives it up, and what was held for nobody else.
void Transfer::hold(std::size_t size) {
  const bool wanted = job_->options.body;
  if (bytes_ <= HttpCache::kBodyBytesMax && (wanted || cache_->hold(size))) return;
  keeps_ = false;
  cache_->stop_keeping();
  if (!wanted) body_ = {};
}

}  // namespace brigade::worker
