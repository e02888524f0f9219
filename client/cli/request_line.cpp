#include "client/cli/request_line.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <string>

#include "client/cli/task_source.h"

namespace brigade::cli {
namespace {

using Json = nlohmann::json;

Error bad(std::string message) {
  return Error{ErrorCode::invalid, std::move(message)};
}

Result<std::string> text_of(const std::string& name, const Json& value) {
  if (!value.is_string()) return bad("'" + name + "' of the request is not a text");
  return value.get<std::string>();
}

bool is_method(const std::string& method) {
  return !method.empty() && method.size() <= 32 &&
         std::all_of(method.begin(), method.end(), [](char c) { return (c >= 'A' && c <= 'Z') || c == '-'; });
}

/// An object of names and values, or an array of "Name: value".
Result<std::vector<std::string>> headers_of(const Json& value) {
  if (!value.is_object() && !value.is_array())
    return bad("'headers' of the request is neither an object nor an array of \"Name: value\"");
  std::vector<std::string> headers;
  for (const auto& entry : value.items()) {
    auto text = text_of("headers", entry.value());
    if (!text) return text.error();
    headers.push_back(value.is_object() ? entry.key() + ": " + *text : *text);
    if (auto good = check_header("'headers' of the request", headers.back()); !good) return good.error();
  }
  return headers;
}

Result<void> take_member(wire::FetchRequest& request, const std::string& name, const Json& value) {
  if (name == "headers") {
    auto headers = headers_of(value);
    if (!headers) return headers.error();
    request.headers = *std::move(headers);
    return {};
  }
  if (name != "url" && name != "method" && name != "body" && name != "sha256")
    return bad("'" + name + "' is no member of a request; there are url, method, headers, body, sha256");
  auto text = text_of(name, value);
  if (!text) return text.error();
  if (name == "url") request.url = *std::move(text);
  if (name == "method") request.method = *std::move(text);
  if (name == "body") request.data = *std::move(text);
  if (name == "sha256") {
    auto digest = parse_sha256("'sha256' of the request", *text);
    if (!digest) return digest.error();
    request.sha256 = *std::move(digest);
  }
  return {};
}

}  // namespace

bool has_line_end(std::string_view text) {
  return text.find_first_of(std::string_view("\r\n\0", 3)) != std::string_view::npos;
}

Result<void> check_header(const std::string& what, const std::string& header) {
  const std::size_t colon = header.find(':');
  if (colon == 0 || colon == std::string::npos || has_line_end(header)) {
    return bad(what + ": '" + header + "' is not a header; write it as 'Name: value'");
  }
  return {};
}

Result<void> check_method(const std::string& what, const std::string& method) {
  if (is_method(method)) return {};
  return bad(what + ": '" + method + "' is not a request method, such as GET or POST");
}

Result<std::string> parse_sha256(const std::string& what, const std::string& text) {
  const auto value_of = [](char c) {
    return c >= '0' && c <= '9'   ? c - '0'
           : c >= 'a' && c <= 'f' ? c - 'a' + 10
           : c >= 'A' && c <= 'F' ? c - 'A' + 10
                                  : -1;
  };
  std::string digest;
  for (std::size_t i = 0; i + 1 < text.size(); i += 2) {
    const int high = value_of(text[i]), low = value_of(text[i + 1]);
    if (high >= 0 && low >= 0) digest.push_back(static_cast<char>(high << 4 | low));
  }
  if (text.size() == 64 && digest.size() == 32) return digest;
  return bad(what + ": '" + text + "' is not a SHA-256 of 64 hexadecimal digits, as sha256sum prints it");
}

bool is_request_line(std::string_view text) {
  return !text.empty() && text.front() == '{';
}

Result<wire::FetchRequest> parse_request_line(std::string_view text) {
  const Json json = Json::parse(text, nullptr, false);
  if (!json.is_object()) return bad("it begins with { but is not a JSON object");
  wire::FetchRequest request;
  for (const auto& [name, value] : json.items())
    if (auto taken = take_member(request, name, value); !taken) return taken.error();
  if (request.url.empty()) return bad("the request has no 'url'");
  if (auto good = check_url(request.url); !good) return good.error();
  if (!request.method.empty())
    if (auto good = check_method("'method' of the request", request.method); !good) return good.error();
  return request;
}

}  // namespace brigade::cli
