#include "broker/admin/commands.h"

#include <fmt/format.h>

#include "broker/store/inspection.h"

namespace brigade::broker {

std::string describe(const Damage& damage) {
  std::string place;
  if (damage.job) place += "job " + to_string(damage.job);
  if (damage.tasks)
    place += fmt::format("{}tasks {}..{}", place.empty() ? "" : ", ", damage.tasks->first, damage.tasks->end() - 1);
  return damage.what + (place.empty() ? "" : " (" + place + ")");
}

int fail(const Error& error) {
  fmt::print(stderr, "brigade-broker: {}\n", error.message);
  return error.code == ErrorCode::storage ? kExitDamaged : kExitUnusable;
}

}  // namespace brigade::broker
