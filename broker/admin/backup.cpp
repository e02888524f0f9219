// brigade-broker backup.
#include <fmt/format.h>

#include "broker/admin/commands.h"
#include "broker/store/backup.h"
#include "proto/base/text.h"

namespace brigade::broker {

int carry_out(const BackupOrder& order) {
  const auto taken = back_up(order.state, order.to);
  if (!taken) {
    const int exit = fail(taken.error());
    if (exit == kExitDamaged)
      fmt::print(stderr,
                 "nothing was copied, since the copy would be damaged too. `brigade-broker check {}` says what is"
                 " damaged\n",
                 order.state.string());
    return exit;
  }
  for (const JobId job : taken->forgotten)
    fmt::print(stderr, "note: job {} was forgotten meanwhile and is not in the copy\n", to_string(job));
  fmt::print(stderr, "{}: {} jobs, {} records of {}, as of commit {}\n", order.to.string(),
             base::format_count(taken->jobs), base::format_count(taken->records), base::format_size(taken->bytes),
             base::format_count(taken->commit));
  return kExitWhole;
}

}  // namespace brigade::broker
