#include "broker/admin/commands.h"

#include <fmt/format.h>

namespace brigade::broker {

int fail(const Error& error) {
  fmt::print(stderr, "brigade-broker: {}\n", error.message);
  return error.code == ErrorCode::storage ? kExitDamaged : kExitUnusable;
}

}  // namespace brigade::broker
