#include "worker/kinds/simple.h"

namespace brigade::worker {
namespace {

void run(TaskFeed& feed) {
  while (feed.next()) feed.end(TaskStatus::ok, feed.argument());
}

Result<Prepared> prepare(const JobBrief&) {
  return Prepared{.on_thread = [] { return Runner(run); }, .on_loop = {}};
}

}  // namespace

Kind echo_kind() {
  return {.name = "echo", .preferred = Lane::threads, .argument_max = 0, .prepare = prepare};
}

}  // namespace brigade::worker
