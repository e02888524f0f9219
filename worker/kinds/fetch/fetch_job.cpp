#include "worker/kinds/fetch/fetch_job.h"

#include <algorithm>
#include <cctype>
#include <chrono>

#include "proto/base/text.h"
#include "proto/base/version.h"
#include "proto/wire/limits.h"

namespace brigade::worker {
namespace {

constexpr Duration kConnectTimeout = std::chrono::seconds(5);
constexpr std::uint64_t kAnswerOverhead = wire::kMiB;  // of an answer around the body

bool is_token(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), [](unsigned char c) {
    return std::isalnum(c) != 0 ||
           std::string_view("!#$%&'*+-.^_`|~").find(static_cast<char>(c)) != std::string_view::npos;
  });
}

bool is_one_line(std::string_view text) {
  return std::none_of(text.begin(), text.end(), [](char c) { return c == '\r' || c == '\n' || c == '\0'; });
}

Error invalid(std::string message) {
  return {ErrorCode::invalid, std::move(message)};
}

Result<void> check(const wire::FetchOptions& options) {
  if (!is_token(options.method)) return invalid("'" + options.method + "' is no HTTP method");
  for (const std::string& header : options.headers) {
    const std::string_view name = std::string_view(header).substr(0, header.find_first_of(":;"));
    if (!is_one_line(header) || name.size() == header.size() || !is_token(name))
      return invalid("'" + header + "' is no HTTP header of the form 'Name: value'");
  }
  if (!is_one_line(options.user_agent)) return invalid("the user agent has more than one line");
  if (options.max_redirects > 1000) return invalid("more than 1000 redirects are not followed");
  if (options.connect_timeout < Duration{}) return invalid("the connect timeout is negative");
  if (options.body && options.max_body_bytes > wire::kBlobBytesMax - kAnswerOverhead)
    return invalid("a body in a result has at most " + base::format_size(wire::kBlobBytesMax - kAnswerOverhead));
  return {};
}

bool has_header(const wire::FetchOptions& options, std::string_view name) {
  return std::any_of(options.headers.begin(), options.headers.end(), [&](const std::string& header) {
    return header.size() > name.size() && std::equal(name.begin(), name.end(), header.begin(), [](char a, char b) {
             return std::tolower(static_cast<unsigned char>(a)) == std::tolower(static_cast<unsigned char>(b));
           });
  });
}

std::unique_ptr<curl_slist, FreeList> header_list(const wire::FetchOptions& options) {
  curl_slist* list = nullptr;
  for (const std::string& header : options.headers) list = curl_slist_append(list, header.c_str());
  // libcurl would wait a second for "100 Continue" before a large body.
  if (options.data && !has_header(options, "Expect:")) list = curl_slist_append(list, "Expect:");
  return std::unique_ptr<curl_slist, FreeList>(list);
}

}  // namespace

Result<std::shared_ptr<const FetchJob>> make_fetch_job(std::string_view options,
                                                       const std::shared_ptr<const FetchSettings>& settings) {
  Result<wire::FetchOptions> decoded = options.empty() ? wire::FetchOptions{} : wire::decode_fetch_options(options);
  if (!decoded) return decoded.error();
  if (const Result<void> checked = check(*decoded); !checked) return checked.error();
  auto job = std::make_shared<FetchJob>();
  job->options = *std::move(decoded);
  job->settings = settings;
  job->body_max = job->options.max_body_bytes > 0 ? job->options.max_body_bytes : settings->body_max;
  if (job->options.body) job->body_max = std::min<std::uint64_t>(job->body_max, wire::kBlobBytesMax - kAnswerOverhead);
  job->connect_timeout = job->options.connect_timeout > Duration{} ? job->options.connect_timeout : kConnectTimeout;
  job->headers = header_list(job->options);
  if (job->options.user_agent.empty()) job->options.user_agent = "brigade/" + std::string(base::version());
  return std::shared_ptr<const FetchJob>(std::move(job));
}

}  // namespace brigade::worker
