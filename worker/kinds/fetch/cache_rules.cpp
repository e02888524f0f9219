#include "worker/kinds/fetch/cache_rules.h"

#include <algorithm>
#include <cctype>
#include <span>

#include "worker/kinds/fetch/digest.h"
#include "worker/kinds/fetch/fetch_job.h"

namespace brigade::worker {
namespace {

using Names = std::span<const std::string_view>;
constexpr std::string_view kConditions[] = {"range",         "if-range",          "if-match",
                                            "if-none-match", "if-modified-since", "if-unmodified-since"};
constexpr std::string_view kNotCached[] = {"authorization", "cookie", "proxy-authorization", "cache-control"};
constexpr std::string_view kNotKept[] = {"no-store", "private"};
constexpr std::string_view kAnything[] = {"*"};

std::string lower(std::string_view text) {
  std::string copy(text);
  std::ranges::transform(copy, copy.begin(), [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return copy;
}

std::string_view trimmed(std::string_view text) {
  const std::size_t begin = text.find_first_not_of(" \t");
  if (begin == std::string_view::npos) return {};
  return text.substr(begin, text.find_last_not_of(" \t") - begin + 1);
}

/// The members of a list with commas, as names in lower case: a value after "=" is left out, and with it quoted commas.
std::vector<std::string> names_in(std::string_view list) {
  std::vector<std::string> names;
  bool quoted = false;
  std::string name;
  for (std::size_t i = 0; i <= list.size(); ++i) {
    const char c = i < list.size() ? list[i] : ',';
    if (c == '"') quoted = !quoted;
    if (i == list.size() || (c == ',' && !quoted)) {
      names.push_back(lower(trimmed(std::string_view(name).substr(0, name.find('=')))));
      name.clear();
    } else {
      name += c;
    }
  }
  return names;
}

bool any_names(const std::vector<std::string>& lists, Names wanted) {
  return std::ranges::any_of(lists, [&](const std::string& list) {
    return std::ranges::any_of(names_in(list), [&](const std::string& name) {
      return std::find(wanted.begin(), wanted.end(), name) != wanted.end();
    });
  });
}

bool is_one_of(std::string_view header, Names names) {
  const std::string name = lower(header.substr(0, header.find_first_of(":;")));
  return std::find(names.begin(), names.end(), name) != names.end();
}

void add(std::string& to, std::string_view field) {
  to += std::to_string(field.size());
  to += ':';
  to += field;
}

}  // namespace

bool has_password(std::string_view url) {
  const std::size_t scheme = url.find("://");
  const std::size_t begin = scheme == std::string_view::npos ? 0 : scheme + 3;
  return url.substr(begin, url.find_first_of("/?#", begin) - begin).find('@') != std::string_view::npos;
}

bool header_may_be_cached(std::string_view header) {
  return !header_is_conditional(header) && !is_one_of(header, kNotCached);
}

bool header_is_conditional(std::string_view header) {
  return is_one_of(header, kConditions);
}

bool job_may_be_cached(const FetchJob& job) {
  const wire::FetchOptions& options = job.options;
  return !options.no_cache && !options.cookies && !options.data && options.cert_pem.empty() &&
         std::ranges::all_of(options.headers, header_may_be_cached);
}

bool request_may_be_cached(const std::string& method, const std::string& url, const curl_slist* headers) {
  for (; headers != nullptr; headers = headers->next)
    if (!header_may_be_cached(headers->data)) return false;
  return method == "GET" && !has_password(url);
}

// One job must not fill the cache for others with what they would not trust: how the server is found and whom to
// believe that it is the right one belong to the key.
std::string cache_key(const FetchJob& job, const std::string& url, const curl_slist* headers) {
  const wire::FetchOptions& options = job.options;
  std::string request;
  for (const std::string* field : {&url, &options.user_agent, &options.proxy, &options.ca_pem}) add(request, *field);
  add(request, options.compressed ? "compressed" : "");
  add(request, options.insecure_tls ? "insecure" : "");
  for (const std::string& entry : options.resolve) add(request, entry);
  add(request, "headers");
  for (; headers != nullptr; headers = headers->next) add(request, headers->data);
  return sha256_of(request);
}

std::vector<std::string> answer_headers(CURL* easy, const char* name) {
  std::vector<std::string> values;
  curl_header* header = nullptr;
  for (std::size_t i = 0; curl_easy_header(easy, name, i, CURLH_HEADER, -1, &header) == CURLHE_OK; ++i)
    values.emplace_back(header->value);
  return values;
}

bool answer_may_be_kept(const std::vector<std::string>& cache_control, const std::vector<std::string>& vary) {
  return !any_names(cache_control, kNotKept) && !any_names(vary, kAnything);
}

bool same_tag(std::string_view a, std::string_view b) {
  const auto opaque = [](std::string_view tag) { return tag.starts_with("W/") ? tag.substr(2) : tag; };
  return opaque(a) == opaque(b);
}

}  // namespace brigade::worker
