#include <time.h>

#include "proto/base/os.h"
#include "worker/kinds/simple.h"

namespace brigade::worker {
namespace {

std::uint64_t thread_cpu_ns() {
  timespec time{};
  ::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
  return static_cast<std::uint64_t>(time.tv_sec) * 1'000'000'000 + static_cast<std::uint64_t>(time.tv_nsec);
}

Ending spin_one(const TaskFeed& feed) {
  const std::optional<std::uint64_t> ns = number_of(feed.argument());
  if (!ns) return not_a_number(feed.argument());
  const Instant deadline = feed.task().deadline;
  const std::uint64_t begin = thread_cpu_ns();
  while (thread_cpu_ns() - begin < *ns) {
    if (feed.stop().stop_requested()) break;
    if (deadline != kNever && base::monotonic_now() >= deadline) return not_finished_within(feed.task().limit);
  }
  return {};
}

void run(TaskFeed& feed) {
  while (feed.next()) feed.end(spin_one(feed));
}

Result<Prepared> prepare(const JobBrief&) {
  return Prepared{.on_thread = [] { return Runner(run); }, .on_loop = {}, .stops_itself = true};
}

}  // namespace

Kind spin_kind() {
  return {.name = "spin", .preferred = Lane::threads, .argument_max = 0, .prepare = prepare};
}

}  // namespace brigade::worker
