// An endpoint taken apart.
#pragma once

#include <cstdint>
#include <string>

#include "proto/model/result.h"

namespace brigade::net {

enum class Transport : std::uint8_t { tcp, ipc };

struct Endpoint {
  Transport transport = Transport::tcp;
  std::string host;        ///< tcp: a name, an address (IPv6 without brackets), an interface or "*"
  std::uint16_t port = 0;  ///< tcp; 0: any that is free, for a bind only
  std::string path;        ///< ipc
};

Result<Endpoint> parse_endpoint(const std::string& endpoint);
/// As ZeroMQ is told. `localhost` becomes 127.0.0.1, since ZeroMQ would bind no name and would try only ::1 of it.
std::string to_zmq(const Endpoint& endpoint);

}  // namespace brigade::net
