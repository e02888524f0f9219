// The disk of a test: what happens to it, the test says.
#include "tests/power/disk.h"
#include "tests/power/vfs.h"

namespace brigade::power {

Disk& disk() {
  static Disk& disk = []() -> Disk& {
    static Disk made;
    put_sqlite_on_disk();
    return made;
  }();
  return disk;
}

}  // namespace brigade::power
