#include "proto/net/endpoint.h"

#include <arpa/inet.h>
#include <fmt/format.h>
#include <sys/un.h>

#include <algorithm>
#include <charconv>
#include <string_view>

#include "proto/net/socket.h"

namespace brigade::net {
namespace {

constexpr std::string_view kTcp = "tcp://";
constexpr std::string_view kIpc = "ipc://";
constexpr std::size_t kIpcPathMax = sizeof(sockaddr_un::sun_path) - 1;
constexpr std::size_t kHostMax = 255;

Error refuse(const std::string& endpoint, std::string_view why) {
  return {ErrorCode::invalid, fmt::format("endpoint \"{}\": {}", endpoint, why)};
}

bool is_address(int family, const std::string& text) {
  in6_addr address{};
  return ::inet_pton(family, text.c_str(), &address) == 1;
}

// ZeroMQ gives some characters a meaning of its own (';' a source address): only those of hosts pass.
bool is_host(std::string_view host) {
  const auto fits = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' || c == '-' ||
           c == '_';
  };
  return host == "*" || std::all_of(host.begin(), host.end(), fits);
}

Result<Endpoint> parse_ipc(const std::string& endpoint) {
  const std::string path = endpoint.substr(kIpc.size());
  if (path.empty()) return refuse(endpoint, "the path is missing, as in ipc:///run/brigade/broker.sock");
  if (path == "*" || path.starts_with('@')) return refuse(endpoint, "the path must name a file");
  if (path.find('\0') != std::string::npos) return refuse(endpoint, "the path has a null character");
  if (path.size() > kIpcPathMax)
    return refuse(endpoint, fmt::format("the path has {} bytes and may have {}", path.size(), kIpcPathMax));
  return Endpoint{.transport = Transport::ipc, .host = {}, .port = 0, .path = path};
}

Result<Endpoint> parse_tcp(const std::string& endpoint) {
  const std::string rest = endpoint.substr(kTcp.size());
  const std::size_t colon = rest.rfind(':');
  if (colon == std::string::npos || colon + 1 == rest.size() || rest.ends_with(']'))
    return refuse(endpoint, "the port is missing, as in tcp://HOST:7411");
  std::string host = rest.substr(0, colon);
  const std::string_view digits = std::string_view(rest).substr(colon + 1);
  std::uint16_t port = 0;
  const auto [end, failure] = std::from_chars(digits.data(), digits.data() + digits.size(), port);
  if (failure != std::errc() || end != digits.data() + digits.size())
    return refuse(endpoint, fmt::format("the port \"{}\" is not a number from 0 to 65535", digits));
  if (host.empty()) return refuse(endpoint, "the host is missing; * stands for all addresses of this machine");
  if (host.size() > kHostMax) return refuse(endpoint, fmt::format("the host is longer than {} bytes", kHostMax));
  if (host.starts_with('[') && host.ends_with(']')) {
    host = host.substr(1, host.size() - 2);
    if (!is_address(AF_INET6, host)) return refuse(endpoint, fmt::format("\"{}\" is not an IPv6 address", host));
  } else if (host.find(':') != std::string::npos) {
    return refuse(endpoint, "an IPv6 address stands in brackets, as in tcp://[::1]:7411");
  } else if (!is_host(host)) {
    return refuse(endpoint, fmt::format("\"{}\" is not a host", host));
  }
  return Endpoint{.transport = Transport::tcp, .host = std::move(host), .port = port, .path = {}};
}

}  // namespace

Result<Endpoint> parse_endpoint(const std::string& endpoint) {
  if (endpoint.starts_with(kTcp)) return parse_tcp(endpoint);
  if (endpoint.starts_with(kIpc)) return parse_ipc(endpoint);
  return refuse(endpoint, "it must be tcp://HOST:PORT or ipc://PATH");
}

std::string to_zmq(const Endpoint& endpoint) {
  if (endpoint.transport == Transport::ipc) return fmt::format("{}{}", kIpc, endpoint.path);
  if (endpoint.host == "localhost") return fmt::format("{}127.0.0.1:{}", kTcp, endpoint.port);
  if (endpoint.host.find(':') != std::string::npos) return fmt::format("{}[{}]:{}", kTcp, endpoint.host, endpoint.port);
  return fmt::format("{}{}:{}", kTcp, endpoint.host, endpoint.port);
}

Result<void> check_endpoint(const std::string& endpoint) {
  const auto parsed = parse_endpoint(endpoint);
  if (!parsed) return parsed.error();
  return {};
}

bool is_local(const std::string& endpoint) {
  const auto parsed = parse_endpoint(endpoint);
  if (!parsed) return false;
  if (parsed->transport == Transport::ipc || parsed->host == "localhost") return true;
  if (is_address(AF_INET, parsed->host)) return parsed->host.starts_with("127.");
  in6_addr address{};
  if (::inet_pton(AF_INET6, parsed->host.c_str(), &address) != 1) return false;
  return IN6_IS_ADDR_LOOPBACK(&address) || (IN6_IS_ADDR_V4MAPPED(&address) && address.s6_addr[12] == 127);
}

}  // namespace brigade::net
