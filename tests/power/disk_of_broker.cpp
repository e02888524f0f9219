// The disk of a broker that a test starts: the power goes at the operation that the environment says, the program ends
// at once, and the folder is left as the disk then is.
#include <cstdlib>
#include <string>

#include "proto/model/result.h"
#include "tests/power/disk.h"
#include "tests/power/vfs.h"

namespace brigade::power {
namespace {

constexpr int kExitPowerLoss = 86;

std::string given(const char* name) {
  const char* value = std::getenv(name);
  require(value != nullptr);
  return value;
}

void set_up(Disk& disk) {
  put_sqlite_on_disk();
  disk.mount(given("POWER_LOSS_ROOT"));
  const std::uint64_t nth = std::stoull(given("POWER_LOSS_AT"));
  disk.plan({.kind = Fault::Kind::power_off_before, .nth = nth});
  disk.when_off([&disk, nth] {
    disk.restart_machine(Left::any_sectors, nth);
    std::_Exit(kExitPowerLoss);
  });
}

}  // namespace

Disk& disk() {
  static Disk& disk = []() -> Disk& {
    static Disk made;
    set_up(made);
    return made;
  }();
  return disk;
}

}  // namespace brigade::power
