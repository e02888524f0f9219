// What libcurl's error codes mean for a task.
#include <algorithm>
#include <cerrno>
#include <cstring>
#include <string>

#include "proto/base/text.h"
#include "worker/kinds/fetch/transfer.h"

namespace brigade::worker {
namespace {

/// What went wrong in words, where libcurl has them.
std::string lower_first(std::string text) {
  if (text.size() > 1 && text[1] >= 'a' && text[1] <= 'z') text[0] = static_cast<char>(std::tolower(text[0]));
  return text;
}

std::string host_and_port(std::string_view whole) {
  const std::string url = without_password(whole);
  const std::size_t scheme = url.find("://");
  const std::size_t begin = scheme == std::string::npos ? 0 : scheme + 3;
  return url.substr(begin, url.find_first_of("/?#", begin) - begin);
}

}  // namespace

std::string Transfer::detail(CURLcode code) const {
  return lower_first(message_[0] != '\0' ? message_.data() : curl_easy_strerror(code));
}

/// HOST or HOST:PORT of the URL that was asked last.
std::string Transfer::host() const {
  const char* effective = nullptr;
  curl_easy_getinfo(easy_, CURLINFO_EFFECTIVE_URL, &effective);
  return host_and_port(effective != nullptr ? effective : task_.url);
}

/// Whom the socket was for.
std::string Transfer::peer() const {
  return job_->options.proxy.empty() ? host() : "the proxy " + host_and_port(job_->options.proxy);
}

Ending Transfer::proxy_refused(long status) {
  const std::string message = peer() + " refuses a connection to " + host() + " with HTTP " + std::to_string(status);
  return status >= 500 ? Ending::retryable(TaskStatus::connect, message) : Ending::failed(TaskStatus::connect, message);
}

bool Transfer::answer_begun() const {
  curl_off_t first_byte = 0;
  curl_easy_getinfo(easy_, CURLINFO_STARTTRANSFER_TIME_T, &first_byte);
  return first_byte > 0;
}

Ending Transfer::timed_out() {
  curl_off_t connected = 0;
  curl_easy_getinfo(easy_, CURLINFO_PRETRANSFER_TIME_T, &connected);
  if (connected == 0 && job_->connect_timeout < limit_)
    return Ending::retryable(TaskStatus::timeout,
                             "no connection to " + host() + " within " + base::format_duration(job_->connect_timeout));
  const std::string what = header_bytes_ > 0 ? "no complete answer from " : "no answer from ";
  return Ending::retryable(TaskStatus::timeout,
                           what + without_password(task_.url) + " within " + base::format_duration(limit_));
}

Ending Transfer::not_connected() {
  if (!forbidden_.empty())
    return Ending::failed(TaskStatus::forbidden_address,
                          peer() + " is at " + forbidden_ + ", which this worker may not reach (see --fetch-allow)");
  if (open_error_ != 0)
    return Ending::retryable(TaskStatus::resource_exhausted,
                             "no socket for " + peer() + ": " + std::strerror(open_error_));
  long error = 0;
  curl_easy_getinfo(easy_, CURLINFO_OS_ERRNO, &error);
  const std::string why = error != 0 ? std::strerror(static_cast<int>(error)) : detail(CURLE_COULDNT_CONNECT);
  return Ending::retryable(TaskStatus::connect, "cannot connect to " + peer() + ": " + why);
}

Ending Transfer::failure(CURLcode code) {
  const std::string from = " from " + without_password(task_.url);
  long redirects = 0;
  curl_easy_getinfo(easy_, CURLINFO_REDIRECT_COUNT, &redirects);
  redirects += static_cast<long>(redirects_);
  if (body_too_large_)
    return Ending::failed(TaskStatus::body_too_large,
                          "the body" + from + " is larger than " + base::format_size(job_->body_max));
  long connect_status = 0;
  curl_easy_getinfo(easy_, CURLINFO_HTTP_CONNECTCODE, &connect_status);
  if (!job_->options.proxy.empty() && connect_status >= 300) return proxy_refused(connect_status);
  if (header_too_large_) return Ending::failed(TaskStatus::protocol, "the headers" + from + " are too long");
  switch (code) {
    case CURLE_URL_MALFORMAT:
    case CURLE_UNSUPPORTED_PROTOCOL:
      // The same code for an answer of another version than 1.x and 2, or of none.
      if (detail(code).find("HTTP") != std::string::npos)
        return Ending::failed(TaskStatus::protocol, "no valid answer" + from + ": " + detail(code));
      if (redirects > 0)
        return Ending::failed(TaskStatus::protocol, "a redirect" + from + " leads to no http or https URL");
      return Ending::failed(TaskStatus::invalid_argument,
                            "'" + without_password(task_.url) + "' is no http or https URL");
    case CURLE_COULDNT_RESOLVE_HOST:
    case CURLE_COULDNT_RESOLVE_PROXY:
      return Ending::retryable(TaskStatus::dns, "no address is known for " + peer());
    case CURLE_COULDNT_CONNECT:
      return not_connected();
    case CURLE_OPERATION_TIMEDOUT:
      return timed_out();
    case CURLE_SSL_CONNECT_ERROR:
      return Ending::retryable(TaskStatus::tls, "no TLS with " + host() + ": " + detail(code));
    case CURLE_PEER_FAILED_VERIFICATION:
    case CURLE_SSL_CERTPROBLEM:
    case CURLE_SSL_CIPHER:
    case CURLE_SSL_CACERT_BADFILE:
    case CURLE_SSL_ISSUER_ERROR:
    case CURLE_SSL_INVALIDCERTSTATUS:
    case CURLE_SSL_PINNEDPUBKEYNOTMATCH:
      return Ending::failed(TaskStatus::tls, "no TLS with " + host() + ": " + detail(code));
    case CURLE_TOO_MANY_REDIRECTS:
      return Ending::failed(TaskStatus::protocol,
                            "more than " + std::to_string(job_->options.max_redirects) + " redirects" + from);
    case CURLE_GOT_NOTHING:
      return Ending::retryable(TaskStatus::protocol, "an empty answer" + from);
    case CURLE_RECV_ERROR:
    case CURLE_SEND_ERROR:
    case CURLE_PARTIAL_FILE:
    case CURLE_HTTP2:
    case CURLE_HTTP2_STREAM:
      return Ending::retryable(TaskStatus::protocol, "the answer" + from + " ended early: " + detail(code));
    case CURLE_OUT_OF_MEMORY:
      if (bytes_ == 0 && answer_begun())  // libcurl's own bound of a single header
        return Ending::failed(TaskStatus::protocol, "a header" + from + " is too long");
      return Ending::retryable(TaskStatus::resource_exhausted, "the worker has no memory left for this task");
    case CURLE_ABORTED_BY_CALLBACK:
      return Ending::failed(TaskStatus::cancelled, "the job was stopped");
    default:
      return Ending::failed(TaskStatus::protocol, "no valid answer" + from + ": " + detail(code));
  }
}

}  // namespace brigade::worker
