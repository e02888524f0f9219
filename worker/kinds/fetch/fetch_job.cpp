#include "worker/kinds/fetch/fetch_job.h"

#include <algorithm>
#include <cctype>
#include <chrono>
#include <utility>
#include <vector>

#include "proto/base/text.h"
#include "proto/base/version.h"
#include "proto/wire/limits.h"
#include "worker/kinds/fetch/cache_rules.h"

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

Result<void> check_headers(const std::vector<std::string>& headers) {
  for (const std::string& header : headers) {
    const std::string_view name = std::string_view(header).substr(0, header.find_first_of(":;"));
    if (!is_one_line(header) || name.size() == header.size() || !is_token(name))
      return invalid("'" + header + "' is no HTTP header of the form 'Name: value'");
  }
  return {};
}

Result<void> check(const wire::FetchOptions& options) {
  if (!is_token(options.method)) return invalid("'" + options.method + "' is no HTTP method");
  if (auto good = check_headers(options.headers); !good) return good;
  if (!std::all_of(options.resolve.begin(), options.resolve.end(), is_one_line))
    return invalid("a line of --resolve has more than one line");
  if (!is_one_line(options.user_agent)) return invalid("the user agent has more than one line");
  if (!options.proxy.empty() && !options.proxy.starts_with("http://") && !options.proxy.starts_with("https://"))
    return invalid("a proxy is an http or https URL");
  if (!is_one_line(options.proxy)) return invalid("the proxy's URL has more than one line");
  if (options.max_redirects > 1000) return invalid("more than 1000 redirects are not followed");
  if (options.connect_timeout < Duration{}) return invalid("the connect timeout is negative");
  if (options.body && options.max_body_bytes > wire::kBlobBytesMax - kAnswerOverhead)
    return invalid("a body in a result has at most " + base::format_size(wire::kBlobBytesMax - kAnswerOverhead));
  return {};
}

using Headers = std::vector<std::string>;

bool has_header(const Headers& headers, std::string_view name) {
  return std::any_of(headers.begin(), headers.end(), [&](const std::string& header) {
    return header.size() > name.size() && std::equal(name.begin(), name.end(), header.begin(), [](char a, char b) {
             return std::tolower(static_cast<unsigned char>(a)) == std::tolower(static_cast<unsigned char>(b));
           });
  });
}

std::unique_ptr<curl_slist, FreeList> list_of(const std::vector<std::string>& texts) {
  curl_slist* list = nullptr;
  for (const std::string& text : texts) list = curl_slist_append(list, text.c_str());
  return std::unique_ptr<curl_slist, FreeList>(list);
}

std::unique_ptr<curl_slist, FreeList> header_list(const Headers& headers, bool with_data) {
  curl_slist* list = list_of(headers).release();
  // libcurl would wait a second for "100 Continue" before a large body.
  if (with_data && !has_header(headers, "Expect:")) list = curl_slist_append(list, "Expect:");
  return std::unique_ptr<curl_slist, FreeList>(list);
}

/// What the job's requests say that they come from.
std::string user_agent_of(const wire::FetchOptions& options) {
  constexpr std::string_view kName = "User-Agent:";
  for (const std::string& header : options.headers)
    if (has_header({header}, kName))
      return header.substr(std::min(header.find_first_not_of(" \t", kName.size()), header.size()));
  return options.user_agent;
}

wire::FetchOptions robots_options(const wire::FetchOptions& job) {
  wire::FetchOptions options;
  options.body = true;
  options.max_body_bytes = kRobotsBytesMax;
  options.max_redirects = 5;  // as RFC 9309 wants it
  options.user_agent = user_agent_of(job);
  options.insecure_tls = job.insecure_tls;
  options.ca_pem = job.ca_pem;
  options.cert_pem = job.cert_pem;
  options.proxy = job.proxy;
  options.resolve = job.resolve;
  options.http2 = job.http2;
  options.connect_timeout = job.connect_timeout;
  options.no_cache = true;  // what is cut would be kept, too
  return options;
}

bool job_may_resume(const wire::FetchOptions& options) {
  return !options.data && !options.cookies && options.cert_pem.empty() &&
         std::ranges::none_of(options.headers, header_is_conditional);
}

std::shared_ptr<FetchJob> job_of(wire::FetchOptions options, const std::shared_ptr<const FetchSettings>& settings,
                                 bool limited) {
  auto job = std::make_shared<FetchJob>();
  job->options = std::move(options);
  job->settings = settings;
  if (settings->cache && job_may_be_cached(*job)) job->cache = settings->cache;
  job->one_by_one = limited || job->cache;
  job->resumes = job_may_resume(job->options);
  job->body_max = job->options.max_body_bytes > 0 ? job->options.max_body_bytes : settings->body_max;
  if (job->options.body) job->body_max = std::min<std::uint64_t>(job->body_max, wire::kBlobBytesMax - kAnswerOverhead);
  job->connect_timeout = job->options.connect_timeout > Duration{} ? job->options.connect_timeout : kConnectTimeout;
  job->headers = header_list(job->options.headers, job->options.data.has_value());
  job->resolve = list_of(job->options.resolve);
  if (job->options.user_agent.empty()) job->options.user_agent = "brigade/" + std::string(base::version());
  return job;
}

}  // namespace

Result<FetchTask> make_fetch_task(const FetchJob& job, std::string_view argument) {
  auto request = wire::decode_fetch_argument(argument);
  if (!request) return invalid("no URL and no request: " + request.error().message);
  FetchTask task{.url = std::move(request->url),
                 .method = std::move(request->method),
                 .own_data = {},
                 .own_headers = {},
                 .sha256 = request->sha256.empty() ? job.options.sha256 : std::move(request->sha256)};
  const bool printable = std::all_of(task.url.begin(), task.url.end(),
                                     [](char c) { return static_cast<unsigned char>(c) > 0x20 && c != 0x7F; });
  if (task.url.empty() || !printable) return invalid("a URL is neither empty nor has it spaces or control characters");
  task.own_data = std::move(request->data);
  if (task.method.empty()) task.method = task.own_data ? "POST" : job.options.method;
  if (!is_token(task.method)) return invalid("'" + task.method + "' is no HTTP method");
  if (request->headers.empty() && !task.own_data) return task;
  if (auto good = check_headers(request->headers); !good) return good.error();
  Headers headers = job.options.headers;
  headers.insert(headers.end(), request->headers.begin(), request->headers.end());
  task.own_headers = header_list(headers, task.own_data || job.options.data);
  return task;
}

Result<std::shared_ptr<const FetchJob>> make_fetch_job(std::string_view options,
                                                       const std::shared_ptr<const FetchSettings>& settings,
                                                       bool limited) {
  Result<wire::FetchOptions> decoded = options.empty() ? wire::FetchOptions{} : wire::decode_fetch_options(options);
  if (!decoded) return decoded.error();
  if (const Result<void> checked = check(*decoded); !checked) return checked.error();
  const std::shared_ptr<FetchJob> job = job_of(*std::move(decoded), settings, limited);
  if (!job->options.robots) return std::shared_ptr<const FetchJob>(job);
  const std::shared_ptr<FetchJob> robots = job_of(robots_options(job->options), settings, true);
  robots->cut_at_max = true;
  robots->resumes = false;
  job->robots = std::make_shared<Robots>(product_of(robots->options.user_agent));
  job->robots_job = robots;
  job->one_by_one = true;
  return std::shared_ptr<const FetchJob>(job);
}

}  // namespace brigade::worker
