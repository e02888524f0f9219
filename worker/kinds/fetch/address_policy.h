// Which addresses fetch may connect to. Checked on the socket that is really opened, so that neither a redirect nor a
// name that resolves to something else gets around it.
#pragma once

#include <sys/socket.h>

#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include "proto/model/result.h"

namespace brigade::worker {

class AddressPolicy {
 public:
  /// `allow`: CIDRs ("10.1.0.0/16", "fd00::/8") or single addresses that may be reached although they are not global.
  static Result<AddressPolicy> make(const std::vector<std::string>& allow, bool allow_all);

  bool allows(const sockaddr& address) const;

 private:
  /// IPv4 as ::ffff:a.b.c.d: one form for all.
  using Address = std::array<std::uint8_t, 16>;
  struct Network {
    Address address{};
    unsigned bits = 0;
    bool contains(const Address& other) const;
  };
  static Result<Network> parse(const std::string& text);
  static bool is_global(const Address& address);

  bool allow_all_ = false;
  std::vector<Network> allowed_;
};

/// "192.0.2.1", "2001:db8::1": for messages.
std::string address_text(const sockaddr& address);

}  // namespace brigade::worker
