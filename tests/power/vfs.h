// SQLite's files on the disk that loses power.
#pragma once

namespace brigade::power {

/// From now on SQLite opens its files there. Once per program.
void put_sqlite_on_disk();

}  // namespace brigade::power
