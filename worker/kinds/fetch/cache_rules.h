// Which answers may be kept, and for which requests: what RFC 9111 says for a cache that asks the server every time.
#pragma once

#include <curl/curl.h>

#include <string>
#include <string_view>
#include <vector>

namespace brigade::worker {

struct FetchJob;

/// Whether the job may use its worker's cache at all, as far as its own options say.
bool job_may_be_cached(const FetchJob& job);
/// Whether a request header lets its request be answered from what was kept: none with credentials, none with which the
/// client itself asks for a part, for a change, or for no cache.
bool header_may_be_cached(std::string_view header);
/// Whether a request header asks for a part, or under a condition of the client's own.
bool header_is_conditional(std::string_view header);
/// REQUIRES: the job may be cached. `headers`: all that are sent.
bool request_may_be_cached(const std::string& method, const std::string& url, const curl_slist* headers);

/// User and password in the URL.
bool has_password(std::string_view url);
/// The key of a request: a hash of all that its answer may depend on, and of what makes us trust it.
std::string cache_key(const FetchJob& job, const std::string& url, const curl_slist* headers);

/// The answer's headers of this name, in order.
std::vector<std::string> answer_headers(CURL* easy, const char* name);
/// Of an answer with status 200: whether it may be kept (a validator is asked for elsewhere).
bool answer_may_be_kept(const std::vector<std::string>& cache_control, const std::vector<std::string>& vary);
/// Whether two entity tags name the same version (RFC 9110, weak comparison).
bool same_tag(std::string_view a, std::string_view b);

}  // namespace brigade::worker
