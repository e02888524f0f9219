#include "client/cli/fetch_options.h"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <fstream>

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

bool has_line_end(const std::string& text) {
  return text.find_first_of(std::string("\r\n\0", 3)) != std::string::npos;
}

Result<void> check_header(const std::string& header) {
  const std::size_t colon = header.find(':');
  if (colon == 0 || colon == std::string::npos || has_line_end(header)) {
    return bad("-H: '" + header + "' is not a header; write it as 'Name: value'");
  }
  return {};
}

bool is_method(const std::string& method) {
  return !method.empty() && method.size() <= 32 &&
         std::all_of(method.begin(), method.end(), [](char c) { return (c >= 'A' && c <= 'Z') || c == '-'; });
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
  kind.flag({"--insecure-tls", "Do not check certificates"}, wishes.insecure_tls);
  kind.text({"--cacert", "Further certificate authorities, a PEM file", "the system's", "FILE"}, wishes.ca_file);
  kind.text({"--user-agent", "The User-Agent header", "brigade/VERSION"}, wishes.user_agent);
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
  if (!is_method(options.method))
    return bad("-X: '" + options.method + "' is not a request method, such as GET or POST");
  for (const std::string& header : wishes.headers) {
    if (auto good = check_header(header); !good) return good.error();
  }
  options.headers = wishes.headers;
  if (!wishes.data.empty() && wishes.data.front() == '@') {
    auto data = contents_of("--data", wishes.data.substr(1));
    if (!data) return data.error();
    options.data = *std::move(data);
  } else if (!wishes.data.empty()) {
    options.data = wishes.data;
  }
  if (!wishes.ca_file.empty()) {
    auto pem = contents_of("--cacert", wishes.ca_file);
    if (!pem) return pem.error();
    if (pem->find("-----BEGIN") == std::string::npos) return bad("--cacert: " + wishes.ca_file + " is not a PEM file");
    options.ca_pem = *std::move(pem);
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

}  // namespace brigade::cli
