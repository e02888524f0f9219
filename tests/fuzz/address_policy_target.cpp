// Which addresses fetch may reach: one in another form is the same one, and local ones are reached by permission only.
#include <netinet/in.h>

#include <cstring>

#include "tests/fuzz/input.h"
#include "worker/kinds/fetch/address_policy.h"

namespace brigade::fuzz {
namespace {

using worker::AddressPolicy;

bool allows(const AddressPolicy& policy, in_addr address) {
  sockaddr_in socket{};
  socket.sin_family = AF_INET;
  socket.sin_addr = address;
  return policy.allows(reinterpret_cast<const sockaddr&>(socket));
}

bool allows(const AddressPolicy& policy, const in6_addr& address) {
  sockaddr_in6 socket{};
  socket.sin6_family = AF_INET6;
  socket.sin6_addr = address;
  return policy.allows(reinterpret_cast<const sockaddr&>(socket));
}

/// `address` in an IPv6 address that begins with `prefix`, at byte `at`.
in6_addr embedded(std::string_view prefix, in_addr address, std::size_t at) {
  in6_addr made{};
  std::memcpy(&made, prefix.data(), prefix.size());
  std::memcpy(made.s6_addr + at, &address, sizeof(address));
  return made;
}

bool is_local(in_addr address) {
  const std::uint32_t a = ntohl(address.s_addr);
  const std::uint32_t first = a >> 24;
  return first == 0 || first == 10 || first == 127 || a >> 16 == 0xA9FE || a >> 20 == 0xAC1 || a >> 16 == 0xC0A8 ||
         first >= 224;
}

bool is_local(const in6_addr& address) {
  return IN6_IS_ADDR_LOOPBACK(&address) || IN6_IS_ADDR_UNSPECIFIED(&address) || IN6_IS_ADDR_LINKLOCAL(&address) ||
         IN6_IS_ADDR_MULTICAST(&address) || (address.s6_addr[0] & 0xFE) == 0xFC;
}

void check_default(in_addr four, const in6_addr& six) {
  const auto policy = AddressPolicy::make({}, false);
  require(!is_local(four) || !allows(*policy, four));
  require(!is_local(six) || !allows(*policy, six));
  const bool allowed = allows(*policy, four);
  const std::string_view zeros("\0\0\0\0\0\0\0\0\0\0", 10);
  require(allows(*policy, embedded(std::string(zeros) + "\xFF\xFF", four, 12)) == allowed);
  require(allows(*policy, embedded(std::string_view("\0\x64\xFF\x9B", 4), four, 12)) == allowed);
  require(allows(*policy, embedded("\x20\x02", four, 2)) == allowed);
}

/// A network that is allowed has the address that names it.
void check_permission(const std::string& text, in_addr four, const in6_addr& six) {
  const auto policy = AddressPolicy::make({text}, false);
  if (!policy) return require(!policy.error().message.empty());
  const auto nobody = AddressPolicy::make({}, false);
  require(allows(*policy, four) || !allows(*nobody, four));
  require(allows(*policy, six) || !allows(*nobody, six));
}

}  // namespace
}  // namespace brigade::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace brigade;
  using namespace brigade::fuzz;
  Input input(data, size);
  in_addr four{};
  in6_addr six{};
  const std::string_view four_bytes = input.bytes(sizeof(four)), six_bytes = input.bytes(sizeof(six));
  std::memcpy(&four, four_bytes.data(), four_bytes.size());
  std::memcpy(&six, six_bytes.data(), six_bytes.size());
  check_default(four, six);
  check_permission(std::string(input.rest()), four, six);
  sockaddr_in socket{};
  socket.sin_family = AF_INET;
  socket.sin_addr = four;
  const std::string shown = worker::address_text(reinterpret_cast<const sockaddr&>(socket));
  require(allows(*worker::AddressPolicy::make({shown}, false), four));
  socket.sin_family = static_cast<sa_family_t>(AF_UNIX);
  require(!worker::AddressPolicy::make({}, false)->allows(reinterpret_cast<const sockaddr&>(socket)));
  return 0;
}
