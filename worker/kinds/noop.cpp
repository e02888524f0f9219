#include "worker/kinds/simple.h"

namespace brigade::worker {
namespace {

void run(TaskFeed& feed) {
  while (feed.next()) {
    if (feed.argument().size() == 8) {
      feed.end(TaskStatus::ok, feed.argument());
    } else {
      feed.end(not_a_number(feed.argument()));
    }
  }
}

Result<Prepared> prepare(const JobBrief&) {
  return Prepared{.on_thread = [] { return Runner(run); }, .on_loop = {}};
}

}  // namespace

Kind noop_kind() {
  return {.name = "noop", .preferred = Lane::threads, .argument_max = 0, .prepare = prepare};
}

}  // namespace brigade::worker
