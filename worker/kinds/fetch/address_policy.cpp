#include "worker/kinds/fetch/address_policy.h"

#include <arpa/inet.h>
#include <netinet/in.h>

#include <algorithm>
#include <charconv>
#include <cstring>
#include <optional>

namespace brigade::worker {
namespace {

using Bytes4 = std::array<std::uint8_t, 4>;
using Bytes16 = std::array<std::uint8_t, 16>;

struct Block4 {
  Bytes4 address;
  unsigned bits;
};
/// What of IPv4 is not global (the registries of RFC 6890 and after, multicast and class E).
constexpr Block4 kNotGlobal4[] = {
    {{0, 0, 0, 0}, 8},      {{10, 0, 0, 0}, 8},     {{100, 64, 0, 0}, 10}, {{127, 0, 0, 0}, 8},
    {{169, 254, 0, 0}, 16}, {{172, 16, 0, 0}, 12},  {{192, 0, 0, 0}, 24},  {{192, 0, 2, 0}, 24},
    {{192, 88, 99, 0}, 24}, {{192, 168, 0, 0}, 16}, {{198, 18, 0, 0}, 15}, {{198, 51, 100, 0}, 24},
    {{203, 0, 113, 0}, 24}, {{224, 0, 0, 0}, 4},    {{240, 0, 0, 0}, 4},
};

constexpr Bytes16 kMapped{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xFF, 0xFF};  // ::ffff:0:0/96
constexpr Bytes16 kNat64{0, 0x64, 0xFF, 0x9B};                        // 64:ff9b::/96
constexpr Bytes16 kSixToFour{0x20, 0x02};                             // 2002::/16
constexpr Bytes16 kProtocols{0x20, 0x01};                             // 2001::/23: Teredo, ORCHID, …
constexpr Bytes16 kDocumentation{0x20, 0x01, 0x0D, 0xB8};             // 2001:db8::/32
constexpr Bytes16 kDocumentation2{0x3F, 0xFF};                        // 3fff::/20
constexpr Bytes16 kGlobalUnicast{0x20};                               // 2000::/3

template <std::size_t N>
bool same_prefix(const std::array<std::uint8_t, N>& a, const std::array<std::uint8_t, N>& b, unsigned bits) {
  const std::size_t whole = bits / 8;
  if (!std::equal(a.begin(), a.begin() + whole, b.begin())) return false;
  const unsigned rest = bits % 8;
  return rest == 0 || ((a[whole] ^ b[whole]) >> (8 - rest)) == 0;
}

bool is_global4(const Bytes4& address) {
  return std::none_of(std::begin(kNotGlobal4), std::end(kNotGlobal4),
                      [&](const Block4& block) { return same_prefix(address, block.address, block.bits); });
}

Bytes4 embedded(const Bytes16& address, std::size_t at) {
  return {address[at], address[at + 1], address[at + 2], address[at + 3]};
}

Bytes16 mapped(const void* four) {
  Bytes16 address = kMapped;
  std::memcpy(address.data() + 12, four, 4);
  return address;
}

std::optional<Bytes16> bytes_of(const sockaddr& address) {
  if (address.sa_family == AF_INET) return mapped(&reinterpret_cast<const sockaddr_in&>(address).sin_addr);
  if (address.sa_family != AF_INET6) return std::nullopt;
  Bytes16 bytes{};
  std::memcpy(bytes.data(), &reinterpret_cast<const sockaddr_in6&>(address).sin6_addr, bytes.size());
  return bytes;
}

}  // namespace

bool AddressPolicy::Network::contains(const Address& other) const {
  return same_prefix(address, other, bits);
}

bool AddressPolicy::is_global(const Address& address) {
  if (same_prefix(address, kMapped, 96) || same_prefix(address, kNat64, 96)) return is_global4(embedded(address, 12));
  if (same_prefix(address, kSixToFour, 16)) return is_global4(embedded(address, 2));
  if (same_prefix(address, kProtocols, 23) || same_prefix(address, kDocumentation, 32) ||
      same_prefix(address, kDocumentation2, 20))
    return false;
  return same_prefix(address, kGlobalUnicast, 3);  // all the rest is loopback, local, multicast or unassigned
}

Result<AddressPolicy::Network> AddressPolicy::parse(const std::string& text) {
  const Error bad{ErrorCode::invalid, "'" + text + "' is no address or CIDR, such as 10.1.0.0/16 or fd00::/8"};
  const std::size_t slash = text.find('/');
  const std::string host = text.substr(0, slash);
  Network network;
  unsigned width = 128;
  in_addr four{};
  if (::inet_pton(AF_INET, host.c_str(), &four) == 1) {
    network.address = mapped(&four);
    width = 32;
  } else if (::inet_pton(AF_INET6, host.c_str(), network.address.data()) != 1) {
    return bad;
  }
  unsigned bits = width;
  if (slash != std::string::npos) {
    const char* end = text.data() + text.size();
    const auto parsed = std::from_chars(text.data() + slash + 1, end, bits);
    if (parsed.ec != std::errc{} || parsed.ptr != end || bits > width) return bad;
  }
  network.bits = bits + (128 - width);
  return network;
}

Result<AddressPolicy> AddressPolicy::make(const std::vector<std::string>& allow, bool allow_all) {
  AddressPolicy policy;
  policy.allow_all_ = allow_all;
  for (const std::string& text : allow) {
    const Result<Network> network = parse(text);
    if (!network) return network.error();
    policy.allowed_.push_back(*network);
  }
  return policy;
}

bool AddressPolicy::allows(const sockaddr& address) const {
  if (allow_all_) return true;
  const std::optional<Address> bytes = bytes_of(address);
  if (!bytes) return false;
  if (is_global(*bytes)) return true;
  return std::any_of(allowed_.begin(), allowed_.end(),
                     [&](const Network& network) { return network.contains(*bytes); });
}

std::string address_text(const sockaddr& address) {
  char text[INET6_ADDRSTRLEN] = "an unknown address";
  if (address.sa_family == AF_INET)
    ::inet_ntop(AF_INET, &reinterpret_cast<const sockaddr_in&>(address).sin_addr, text, sizeof text);
  if (address.sa_family == AF_INET6)
    ::inet_ntop(AF_INET6, &reinterpret_cast<const sockaddr_in6&>(address).sin6_addr, text, sizeof text);
  return text;
}

}  // namespace brigade::worker
