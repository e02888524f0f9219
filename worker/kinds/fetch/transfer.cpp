#include "worker/kinds/fetch/transfer.h"

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <utility>

#include "proto/base/text.h"
#include "worker/kinds/fetch/digest.h"

namespace brigade::worker {
namespace {

constexpr std::uint64_t kHeaderBytesMax = 256 * 1024;  // of all answers to one request, redirects counted
constexpr std::size_t kKeptBodyBytes = 64 * 1024;      // a larger buffer is not kept for the next task

template <class T>
void set(CURL* easy, CURLoption option, T value) {
  curl_easy_setopt(easy, option, value);
}

long whole_ms(Duration duration) {
  const auto ms = std::chrono::ceil<std::chrono::milliseconds>(duration).count();
  return static_cast<long>(std::clamp<std::int64_t>(ms, 1, 1'000'000'000));
}

}  // namespace

std::string without_password(std::string_view url) {
  const std::size_t scheme = url.find("://");
  if (scheme == std::string_view::npos) return std::string(url);
  const std::size_t begin = scheme + 3;
  const std::size_t end = std::min(url.find_first_of("/?#", begin), url.size());
  const std::size_t at = url.substr(0, end).rfind('@');
  if (at == std::string_view::npos || at < begin) return std::string(url);
  return std::string(url.substr(0, begin)) + std::string(url.substr(at + 1));
}

Transfer::Transfer(std::shared_ptr<const FetchJob> job)
    : job_(std::move(job)), owned_(curl_easy_init()), easy_(owned_.get()), digest_(new_digest()) {
  require(easy_ != nullptr);
  set_options();
  set_security();
  if (job_->cache) cache_.emplace(job_->cache);
}

Transfer::~Transfer() = default;

void Transfer::set_options() {
  const wire::FetchOptions& options = job_->options;
  set(easy_, CURLOPT_ERRORBUFFER, message_.data());
  set(easy_, CURLOPT_PRIVATE, this);
  set(easy_, CURLOPT_NOSIGNAL, 1L);
  set(easy_, CURLOPT_HTTP_VERSION, static_cast<long>(options.http2 ? CURL_HTTP_VERSION_2TLS : CURL_HTTP_VERSION_1_1));
  if (options.http2) set(easy_, CURLOPT_PIPEWAIT, 1L);  // rather a stream of a connection under way than another one
  if (job_->resolve) set(easy_, CURLOPT_RESOLVE, job_->resolve.get());
  set(easy_, CURLOPT_WRITEFUNCTION, &Transfer::write);
  set(easy_, CURLOPT_WRITEDATA, this);
  set(easy_, CURLOPT_HEADERFUNCTION, &Transfer::header);
  set(easy_, CURLOPT_HEADERDATA, this);
  set(easy_, CURLOPT_CONNECTTIMEOUT_MS, whole_ms(job_->connect_timeout));
  set(easy_, CURLOPT_FOLLOWLOCATION, options.follow && !job_->one_by_one ? 1L : 0L);
  set(easy_, CURLOPT_MAXREDIRS, static_cast<long>(options.max_redirects));
  set(easy_, CURLOPT_USERAGENT, options.user_agent.c_str());
  if (options.cookies) set(easy_, CURLOPT_COOKIEFILE, "");
  if (options.compressed) set(easy_, CURLOPT_ACCEPT_ENCODING, "");
}

/// What differs from task to task; the handle may have served another before.
void Transfer::set_request() {
  const std::optional<std::string>& data = task_.own_data ? task_.own_data : job_->options.data;
  set(easy_, CURLOPT_URL, task_.url.c_str());
  set(easy_, CURLOPT_HTTPHEADER, task_.own_headers ? task_.own_headers.get() : job_->headers.get());
  set(easy_, CURLOPT_CUSTOMREQUEST, static_cast<const char*>(nullptr));
  set(easy_, CURLOPT_HTTPGET, 1L);  // undoes a body and a HEAD
  if (data) {
    set(easy_, CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(data->size()));
    set(easy_, CURLOPT_POSTFIELDS, data->data());
  } else if (task_.method == "POST") {
    set(easy_, CURLOPT_POSTFIELDSIZE_LARGE, curl_off_t{0});
    set(easy_, CURLOPT_POSTFIELDS, "");
  }
  if (task_.method == "HEAD") {
    set(easy_, CURLOPT_NOBODY, 1L);
  } else if (task_.method != "POST" && (task_.method != "GET" || data)) {
    set(easy_, CURLOPT_CUSTOMREQUEST, task_.method.c_str());
  }
}

void Transfer::set_security() {
  const wire::FetchOptions& options = job_->options;
  set(easy_, CURLOPT_PROTOCOLS_STR, "http,https");
  set(easy_, CURLOPT_REDIR_PROTOCOLS_STR, "http,https");
  set(easy_, CURLOPT_OPENSOCKETFUNCTION, &Transfer::open_socket);
  set(easy_, CURLOPT_OPENSOCKETDATA, this);
  set(easy_, CURLOPT_PREREQFUNCTION, &Transfer::before_request);
  set(easy_, CURLOPT_PREREQDATA, this);
  // Also where there is none: libcurl would look into the environment of the worker. The address policy looks at the
  // proxy's own address, where the socket is opened; what it connects to is the proxy's to allow.
  set(easy_, CURLOPT_PROXY, options.proxy.c_str());
  set(easy_, CURLOPT_NOPROXY, "");
  if (options.insecure_tls) {
    set(easy_, CURLOPT_SSL_VERIFYPEER, 0L);
    set(easy_, CURLOPT_SSL_VERIFYHOST, 0L);
  }
  const auto set_pem = [this](CURLoption option, const std::string& pem) {
    curl_blob blob{.data = const_cast<char*>(pem.data()), .len = pem.size(), .flags = CURL_BLOB_NOCOPY};
    if (!pem.empty()) set(easy_, option, &blob);
  };
  set_pem(CURLOPT_CAINFO_BLOB, options.ca_pem);
  set_pem(CURLOPT_SSLCERT_BLOB, options.cert_pem);
  set_pem(CURLOPT_SSLKEY_BLOB, options.cert_pem);
}

std::optional<Ending> Transfer::begin(std::string_view argument, bool last_attempt) {
  auto task = make_fetch_task(*job_, argument);
  if (!task) return Ending::failed(TaskStatus::invalid_argument, task.error().message);
  task_ = *std::move(task);
  last_attempt_ = last_attempt;
  header_bytes_ = 0;
  redirects_ = 0;
  hop_.clear();
  earlier_ms_ = 0;
  too_many_redirects_ = false;
  body_too_large_ = header_too_large_ = false;
  forbidden_.clear();
  open_error_ = 0;
  message_[0] = '\0';
  if (job_->options.cookies) set(easy_, CURLOPT_COOKIELIST, "ALL");  // those of the task before
  forget_answer();
  set_request();
  headers_elsewhere_.reset();
  conditional_.reset();
  if (cache_) cache_->reset();
  add_conditions();
  return std::nullopt;
}

/// Before each request: what the cache and a body that broke off have to say to the server.
void Transfer::add_conditions() {
  std::vector<std::string> conditions = conditions_of_part();
  if (cache_ && part_) cache_->distrust();  // one thing at a time
  if (cache_) {
    for (std::string& each : cache_->look_up(*job_, is_plain_get() ? "GET" : "", url(), headers()))
      conditions.push_back(std::move(each));
  }
  if (conditions.empty() && !conditional_) return;
  curl_slist* list = nullptr;
  for (const curl_slist* each = headers(); each != nullptr; each = each->next)
    list = curl_slist_append(list, each->data);
  for (const std::string& each : conditions) list = curl_slist_append(list, each.c_str());
  set(easy_, CURLOPT_HTTPHEADER, list);
  conditional_.reset(list);
}

/// A body of its own makes a GET another request; a POST that a redirect has made a GET is left out, too.
bool Transfer::is_plain_get() const {
  return task_.method == "GET" && !task_.own_data && !job_->options.data;
}

void Transfer::forget_answer() {
  bytes_ = 0;
  if (body_.capacity() > kKeptBodyBytes) body_ = {};
  body_.clear();
  keeps_ = cached_ = resumed_ = part_refused_ = false;
  restart(digest_);
}

void Transfer::limit(Duration left, Duration told) {
  limit_ = told;
  set(easy_, CURLOPT_TIMEOUT_MS, whole_ms(left));
}

/// With the first piece of a body. False: it is not wanted.
bool Transfer::begin_body() {
  if (part_ && !go_on_with_part()) return false;
  keeps_ = cache_ && cache_->keeps(easy_);
  return true;
}

// Counts what is decoded: neither a missing length nor a compressed body gets past the limit.
std::size_t Transfer::write(char* data, std::size_t, std::size_t size, void* self) {
  auto& transfer = *static_cast<Transfer*>(self);
  if (transfer.bytes_ == 0 && !transfer.begin_body()) return 0;
  transfer.bytes_ += size;
  if (transfer.bytes_ > transfer.job_->body_max) {
    transfer.body_too_large_ = true;
    if (transfer.job_->cut_at_max) transfer.body_.append(data, transfer.job_->body_max - transfer.body_.size());
    return 0;
  }
  EVP_DigestUpdate(transfer.digest_.get(), data, size);
  if (transfer.keeps_) transfer.hold(size);
  if (transfer.job_->options.body || transfer.keeps_) transfer.body_.append(data, size);
  return size;
}

std::size_t Transfer::header(char*, std::size_t, std::size_t size, void* self) {
  auto& transfer = *static_cast<Transfer*>(self);
  transfer.header_bytes_ += size;
  if (transfer.header_bytes_ <= kHeaderBytesMax) return size;
  transfer.header_too_large_ = true;
  return 0;
}

// A connection that was used before needs no name: this is the first sign of it.
int Transfer::before_request(void* self, char*, char*, int, int) {
  auto& transfer = *static_cast<Transfer*>(self);
  if (transfer.on_resolved_) std::exchange(transfer.on_resolved_, nullptr)();
  return CURL_PREREQFUNC_OK;
}

curl_socket_t Transfer::open_socket(void* self, curlsocktype, curl_sockaddr* address) {
  auto& transfer = *static_cast<Transfer*>(self);
  if (transfer.on_resolved_) std::exchange(transfer.on_resolved_, nullptr)();
  if (!transfer.job_->settings->addresses.allows(address->addr)) {
    transfer.forbidden_ = address_text(address->addr);
    return CURL_SOCKET_BAD;
  }
  const int socket = ::socket(address->family, address->socktype | SOCK_CLOEXEC, address->protocol);
  if (socket < 0) transfer.open_error_ = errno;
  return socket;
}

Ending Transfer::end(CURLcode code) {
  on_resolved_ = nullptr;
  Ending ended = ending(code);
  if (ended.retry_after_ms != kFinal && !last_attempt_) keep_part();
  part_.reset();
  return ended;
}

Ending Transfer::ending(CURLcode code) {
  if (too_many_redirects_) code = CURLE_TOO_MANY_REDIRECTS;
  if (job_->cut_at_max && body_too_large_) return answer();
  if (code != CURLE_OK || body_too_large_) return failure(code);
  if (cached_) return answer();
  long status = 0;
  curl_easy_getinfo(easy_, CURLINFO_RESPONSE_CODE, &status);
  const bool busy = status == 429 || status == 503;
  const bool fails = job_->options.fail && status >= 400;
  if (!fails && (!busy || last_attempt_)) return answer();
  const std::string message = "HTTP " + std::to_string(status) + " from " + without_password(task_.url);
  const bool transient = busy || status == 408 || status == 500 || status == 502 || status == 504;
  if (!transient) return Ending::failed(TaskStatus::http_status, message);
  const auto wait = std::chrono::duration_cast<std::chrono::milliseconds>(asked_to_wait());
  return Ending::retryable(TaskStatus::http_status, message, static_cast<std::uint32_t>(wait.count()));
}

Ending Transfer::wrong_checksum(const std::string& sha256, std::uint32_t http_status) {
  return Ending::failed(TaskStatus::checksum, "the body from " + without_password(task_.url) + " (HTTP " +
                                                  std::to_string(http_status) + ", " + base::format_size(bytes_) +
                                                  ") has SHA-256 " + hex_of(sha256) + ", not " + hex_of(task_.sha256));
}

Ending Transfer::answer() {
  const auto number = [this](CURLINFO info) {
    long value = 0;
    curl_easy_getinfo(easy_, info, &value);
    return static_cast<std::uint32_t>(value);
  };
  const auto text = [this](CURLINFO info) {
    const char* value = nullptr;
    curl_easy_getinfo(easy_, info, &value);
    return std::string(value != nullptr ? value : "");
  };
  const auto ms = [this](CURLINFO info) {
    curl_off_t us = 0;
    curl_easy_getinfo(easy_, info, &us);
    return static_cast<double>(us) / 1000;
  };
  wire::FetchAnswer answer;
  answer.http_status = number(CURLINFO_RESPONSE_CODE);
  const std::uint32_t version = number(CURLINFO_HTTP_VERSION);
  answer.http_version = version == CURL_HTTP_VERSION_1_0   ? 10
                        : version == CURL_HTTP_VERSION_1_1 ? 11
                        : version == CURL_HTTP_VERSION_2_0 ? 20
                                                           : 0;
  answer.bytes = bytes_;
  answer.content_type = text(CURLINFO_CONTENT_TYPE);
  answer.url = text(CURLINFO_EFFECTIVE_URL);
  answer.redirects = redirects_ + number(CURLINFO_REDIRECT_COUNT);
  answer.sha256.resize(32);
  EVP_DigestFinal_ex(digest_.get(), reinterpret_cast<unsigned char*>(answer.sha256.data()), nullptr);
  if (cached_) describe_kept(answer);
  if (resumed_) answer.http_status = 200;
  if (!task_.sha256.empty() && answer.sha256 != task_.sha256) return wrong_checksum(answer.sha256, answer.http_status);
  // libcurl's times count from the start of the (last) request.
  const double resolved = ms(CURLINFO_NAMELOOKUP_TIME_T);
  const double connected = ms(CURLINFO_CONNECT_TIME_T);
  const double secured = ms(CURLINFO_APPCONNECT_TIME_T);
  answer.dns_ms = resolved;
  answer.connect_ms = std::max(0.0, connected - resolved);
  answer.tls_ms = std::max(0.0, secured - connected);
  answer.ttfb_ms = ms(CURLINFO_STARTTRANSFER_TIME_T);
  answer.total_ms = earlier_ms_ + ms(CURLINFO_TOTAL_TIME_T);
  if (keeps_) cache_->keep(answer, body_);
  if (job_->options.body) answer.body = std::move(body_);
  return {.value = wire::encode(answer)};
}

}  // namespace brigade::worker
