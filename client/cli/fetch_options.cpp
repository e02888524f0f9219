#include "client/cli/fetch_options.h"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <fstream>
#include <tuple>

#include "client/cli/request_line.h"
#include "proto/base/text.h"

namespace brigade::cli {
namespace {

constexpr std::size_t kFileBytesMax = 900 * 1024;  // a kind's options have at most 1 MiB

Error bad(std::string message) {
  return Error{ErrorCode::invalid, std::move(message)};
}

Result<std::string> contents_of(const std::string& option, const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) return bad(option + ": cannot read " + path + ": " + std::strerror(errno));
  std::string text(kFileBytesMax + 1, '\0');
  file.read(text.data(), static_cast<std::streamsize>(text.size()));
  text.resize(static_cast<std::size_t>(file.gcount()));
  if (text.size() > kFileBytesMax) return bad(option + ": " + path + " is larger than 900 KiB");
  return text;
}

Result<std::string> pem_of(const std::string& option, const std::string& path) {
  auto pem = contents_of(option, path);
  if (pem && pem->find("-----BEGIN") == std::string::npos) return bad(option + ": " + path + " is not a PEM file");
  return pem;
}

/// HOST:PORT:ADDRESS; an IPv6 address may stand in brackets.
Result<void> check_resolve(const std::string& entry) {
  const std::size_t host = entry.find(':');
  const std::size_t port = host == std::string::npos ? host : entry.find(':', host + 1);
  const bool whole = port != std::string::npos && host > 0 && port + 1 < entry.size() && !has_line_end(entry);
  const auto number = whole ? base::parse_number(entry.substr(host + 1, port - host - 1)) : Result<std::uint64_t>(0);
  if (whole && number && *number > 0 && *number <= 65535) return {};
  return bad("--resolve: '" + entry + "' is not HOST:PORT:ADDRESS, such as example.org:443:192.0.2.7");
}

Result<void> check_proxy(const std::string& proxy) {
  const bool known = proxy.starts_with("http://") || proxy.starts_with("https://");
  if (known && !has_line_end(proxy)) return {};
  return bad("--proxy: '" + proxy + "' is not the URL of a proxy, such as http://proxy.example.org:3128");
}

}  // namespace

void declare_fetch_options(Declare& kind, FetchWishes& wishes, bool save) {
  kind.text({"-X,--method", "Request method", "GET, with --data POST", "METHOD"}, wishes.method);
  kind.texts({"-H,--header", "A request header; may be given several times", "", "'NAME: VALUE'"}, wishes.headers);
  kind.text({"--data", "Request body; @FILE reads it from a file", "", "TEXT|@FILE"}, wishes.data);
  kind.flag({"--body", "The response's body is part of the result"}, wishes.body);
  if (save)
    kind.text({"--save", "Save each body in this folder, as a file named by the task's number", "", "DIR"},
              wishes.save);
  kind.size({"--max-body", "A larger body (decoded) fails the task", "the worker's, 64MiB"}, wishes.max_body);
  kind.flag({"--fail", "HTTP status 400 and above counts as failed"}, wishes.fail);
  kind.flag({"--location,!--no-location", "Follow redirects, or do not", "on"}, wishes.location);
  kind.number({"--max-redirects", "Most redirects to follow", "10"}, wishes.max_redirects, 0, 100);
  kind.text({"--rate", "Most requests of the whole job, on all its workers: 100/s, 10/m, 0.5/s", "no limit", "RATE"},
            wishes.rate);
  kind.number({"--per-host", "Most requests of the whole job under way to one host", "no limit"}, wishes.per_host, 1,
              1'000'000);
  kind.text({"--host-rate", "Most requests of the whole job to one host: 10/s", "no limit", "RATE"}, wishes.host_rate);
  kind.flag({"--insecure-tls", "Do not check certificates"}, wishes.insecure_tls);
  kind.text({"--cacert", "Further certificate authorities, a PEM file", "the system's", "FILE"}, wishes.ca_file);
  kind.text({"--cert", "The client's certificate and its key, a PEM file without a passphrase", "", "FILE"},
            wishes.cert_file);
  kind.flag({"--http2", "HTTP/2 over TLS where the server speaks it: many requests over one connection"}, wishes.http2);
  kind.texts({"--resolve", "Use this address for a host and port; may be given several times", "", "HOST:PORT:ADDRESS"},
             wishes.resolve);
  kind.text({"--user-agent", "The User-Agent header", "brigade/VERSION"}, wishes.user_agent);
  kind.text({"--sha256", "The body (decoded) must have this SHA-256; a request of a list may name its own", "", "HEX"},
            wishes.sha256);
  kind.text({"--proxy", "Connect through this proxy, an http or https URL; http_proxy and the like are not read",
             "none", "URL"},
            wishes.proxy);
  kind.flag({"--cookies", "Cookies that a task's answers set are sent with its further redirects"}, wishes.cookies);
  kind.flag({"--robots", "Fetch only what the robots.txt of each server allows"}, wishes.robots);
  kind.flag({"--no-cache", "Not through the cache of the workers that have one (brigade-worker --fetch-cache)"},
            wishes.no_cache);
  kind.flag({"--compressed", "Ask for compressed answers and decode them"}, wishes.compressed);
  kind.duration({"--connect-timeout",
                 "Limit of connecting to the server; before 'fetch' it is that of connecting to "
                 "the broker",
                 "5s"},
                wishes.connect_timeout);
}

Result<wire::FetchOptions> fetch_options_of(const FetchWishes& wishes) {
  wire::FetchOptions options;
  options.method = !wishes.method.empty() ? wishes.method : wishes.data.empty() ? "GET" : "POST";
  if (auto good = check_method("-X", options.method); !good) return good.error();
  for (const std::string& header : wishes.headers) {
    if (auto good = check_header("-H", header); !good) return good.error();
  }
  options.headers = wishes.headers;
  if (!wishes.data.empty() && wishes.data.front() == '@') {
    auto data = contents_of("--data", wishes.data.substr(1));
    if (!data) return data.error();
    options.data = *std::move(data);
  } else if (!wishes.data.empty()) {
    options.data = wishes.data;
  }
  for (const auto& [option, file, to] : {std::tuple("--cacert", &wishes.ca_file, &options.ca_pem),
                                         std::tuple("--cert", &wishes.cert_file, &options.cert_pem)}) {
    if (file->empty()) continue;
    auto pem = pem_of(option, *file);
    if (!pem) return pem.error();
    *to = *std::move(pem);
  }
  for (const std::string& entry : wishes.resolve)
    if (auto good = check_resolve(entry); !good) return good.error();
  options.resolve = wishes.resolve;
  options.http2 = wishes.http2;
  options.cookies = wishes.cookies;
  options.no_cache = wishes.no_cache;
  options.robots = wishes.robots;
  if (!wishes.proxy.empty())
    if (auto good = check_proxy(wishes.proxy); !good) return good.error();
  options.proxy = wishes.proxy;
  if (!wishes.sha256.empty()) {
    auto digest = parse_sha256("--sha256", wishes.sha256);
    if (!digest) return digest.error();
    options.sha256 = *std::move(digest);
  }
  if (has_line_end(wishes.user_agent)) return bad("--user-agent has a line's end");
  options.body = wishes.body || !wishes.save.empty();
  options.max_body_bytes = wishes.max_body.value_or(0);
  options.fail = wishes.fail;
  options.follow = wishes.location;
  options.max_redirects = static_cast<std::uint32_t>(wishes.max_redirects.value_or(10));
  options.insecure_tls = wishes.insecure_tls;
  options.user_agent = wishes.user_agent;
  options.compressed = wishes.compressed;
  options.connect_timeout = wishes.connect_timeout.value_or(Duration(0));
  return options;
}

Result<Limits> fetch_limits_of(const FetchWishes& wishes) {
  Limits limits;
  for (const auto& [option, text, to] : {std::tuple("--rate", &wishes.rate, &limits.spacing),
                                         std::tuple("--host-rate", &wishes.host_rate, &limits.target_spacing)}) {
    if (text->empty()) continue;
    const auto spacing = base::parse_rate(*text);
    if (!spacing) return bad(std::string(option) + ": " + spacing.error().message);
    *to = *spacing;
  }
  limits.per_target = static_cast<std::uint32_t>(wishes.per_host.value_or(0));
  return limits;
}

}  // namespace brigade::cli
