#include "worker/kinds/sleep.h"

#include <condition_variable>
#include <mutex>

#include "proto/base/os.h"
#include "worker/kinds/simple.h"

namespace brigade::worker {

SleepEnd sleep_end(std::uint64_t ns, Instant deadline) {
  const Instant now = base::monotonic_now();
  const bool finite = ns < static_cast<std::uint64_t>(kSleepMax.count());
  const Instant end = now + (finite ? Duration(static_cast<std::int64_t>(ns)) : kSleepMax);
  return end <= deadline ? SleepEnd{.wait = end - now} : SleepEnd{.wait = deadline - now, .too_long = true};
}

namespace {

Ending sleep_one(const TaskFeed& feed) {
  const std::optional<std::uint64_t> ns = number_of(feed.argument());
  if (!ns) return not_a_number(feed.argument());
  const SleepEnd end = sleep_end(*ns, feed.task().deadline);
  std::mutex mutex;
  std::condition_variable_any stopped;
  std::unique_lock lock(mutex);
  stopped.wait_for(lock, feed.stop(), end.wait, [] { return false; });
  return end.too_long ? not_finished_within(feed.task().limit) : Ending{};
}

void run(TaskFeed& feed) {
  while (feed.next()) feed.end(sleep_one(feed));
}

Result<Prepared> prepare(const JobBrief&) {
  return Prepared{.on_thread = [] { return Runner(run); },
                  .on_loop = [](LoopThread&) { return sleep_on_loop(); },
                  .stops_itself = true};
}

}  // namespace

Kind sleep_kind() {
  return {.name = "sleep", .preferred = Lane::loop, .argument_max = 0, .prepare = prepare};
}

}  // namespace brigade::worker
