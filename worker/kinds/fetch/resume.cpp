// A transfer whose body breaks off, and the next attempt of its task, which asks for the rest.
#include <algorithm>
#include <charconv>
#include <optional>
#include <utility>

#include "worker/kinds/fetch/cache_rules.h"
#include "worker/kinds/fetch/transfer.h"

namespace brigade::worker {
namespace {

long status_now(CURL* easy) {
  long status = 0;
  curl_easy_getinfo(easy, CURLINFO_RESPONSE_CODE, &status);
  return status;
}

std::string one_header(CURL* easy, const char* name) {
  const std::vector<std::string> values = answer_headers(easy, name);
  return values.size() == 1 ? values.front() : std::string();
}

/// "bytes 100-199/200" is the rest from 100.
bool is_rest_from(std::string_view content_range, std::uint64_t offset) {
  constexpr std::string_view kUnit = "bytes ";
  if (!content_range.starts_with(kUnit)) return false;
  const char* at = content_range.data() + kUnit.size();
  const char* const end = content_range.data() + content_range.size();
  std::uint64_t numbers[3] = {};
  for (int i = 0; i < 3; ++i) {
    const auto read = std::from_chars(at, end, numbers[i]);
    const bool separated = i == 2 ? read.ptr == end : read.ptr != end && *read.ptr == "-/"[i];
    if (read.ec != std::errc{} || !separated) return false;
    at = read.ptr + 1;
  }
  const auto& [first, last, total] = numbers;
  return first == offset && last >= first && total > 0 && last == total - 1;
}

}  // namespace

bool Transfer::may_resume() const {
  if (!job_->resumes || !is_plain_get()) return false;
  for (const curl_slist* each = headers(); each != nullptr; each = each->next)
    if (header_is_conditional(each->data)) return false;
  return true;
}

/// Another job that trusts the same server with the same request may go on with it, too.
std::string Transfer::part_key() const {
  return cache_key(*job_, url(), headers()) + (job_->options.body ? "body" : "");
}

std::vector<std::string> Transfer::conditions_of_part() {
  part_.reset();
  if (job_->settings->partials->empty() || !may_resume()) return {};
  part_ = job_->settings->partials->take(part_key());
  if (!part_) return {};
  return {"Range: bytes=" + std::to_string(part_->bytes) + "-", "If-Range: " + part_->validator};
}

/// The answer to a request for the rest begins. False: it is another part.
bool Transfer::go_on_with_part() {
  const long status = status_now(easy_);
  if (status == 206) {
    part_refused_ = !is_rest_from(one_header(easy_, "Content-Range"), part_->bytes) ||
                    strong_validator() != part_->validator || !answer_headers(easy_, "Content-Encoding").empty();
    if (part_refused_) return false;
    bytes_ = part_->bytes;
    body_ = std::move(part_->body);
    digest_ = std::move(part_->digest);
    resumed_ = true;
  }
  if (status == 206 || status == 200) part_.reset();  // of any other the part is still good
  return true;
}

/// Whether the rest cannot be had, so that the whole must be asked for.
bool Transfer::is_refused_part(CURLcode code) const {
  return part_refused_ || (part_ && code == CURLE_OK && status_now(easy_) == 416);
}

/// The server's name for exactly these bytes (RFC 9110, 8.8): a tag that is not weak, else a date that was a minute ago
/// when they were sent.
std::string Transfer::strong_validator() const {
  std::string tag = one_header(easy_, "ETag");
  if (!tag.empty()) return tag.starts_with("W/") ? std::string() : tag;
  std::string modified = one_header(easy_, "Last-Modified");
  const time_t since = curl_getdate(modified.c_str(), nullptr);
  const time_t sent = curl_getdate(one_header(easy_, "Date").c_str(), nullptr);
  return since >= 0 && sent >= since + 60 ? modified : std::string();
}

/// For the next attempt, where the server can give the rest of what has come so far.
void Transfer::keep_part() {
  Partials& partials = *job_->settings->partials;
  if (part_) return partials.put(part_key(), *std::exchange(part_, std::nullopt));
  const long status = status_now(easy_);
  if (bytes_ == 0 || body_too_large_ || !may_resume() || (status != 200 && !resumed_)) return;
  if (job_->options.body && body_.size() != bytes_) return;
  if (!resumed_ && one_header(easy_, "Accept-Ranges") != "bytes") return;
  if (!answer_headers(easy_, "Content-Encoding").empty()) return;  // what was decoded is no offset
  std::string validator = strong_validator();
  if (validator.empty()) return;
  Partial part{.validator = std::move(validator), .bytes = bytes_, .body = {}, .digest = std::move(digest_)};
  digest_ = new_digest();
  if (job_->options.body) part.body = std::move(body_);
  partials.put(part_key(), std::move(part));
}

}  // namespace brigade::worker
