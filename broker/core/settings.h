// The broker's numbers: every wait, bound and share in one place.
#pragma once

#include <chrono>
#include <cstdint>

#include "proto/model/time.h"

namespace brigade::broker {

struct Settings {
  Duration ping_every = std::chrono::milliseconds(250);
  Duration silence_limit = std::chrono::milliseconds(3500);
  Duration upload_expiry = std::chrono::hours(1);
  Duration watch_every = std::chrono::milliseconds(100);
  Duration keep_results = std::chrono::hours(24 * 7);

  /// A worker holds leases for so many rounds of its slots, so that it never waits for the network.
  std::uint32_t window_rounds = 2;
  /// What one lease should last on its worker, once the cost of a task is known.
  Duration lease_time = std::chrono::milliseconds(40);
  /// And at least, on one slot: a smaller one costs more than another worker could save.
  Duration lease_time_least = std::chrono::milliseconds(2);
  /// Tasks per slot in a lease while the cost is unknown: enough that quick ones last until that is known.
  std::uint64_t first_lease_tasks = 256;
  std::uint64_t lease_tasks_max = 65'536;
  std::uint64_t lease_bytes_max = 4u << 20;
  /// Unstarted work is asked back for an idle worker when it would last longer than this.
  Duration reclaim_above = std::chrono::milliseconds(5);
  /// The same for a job that deserves more than the one that would wait.
  Duration overtake_above = std::chrono::milliseconds(80);
  /// After a look at all queues, this long for each lease until the next one, however much happens: so looking takes
  /// about a hundredth of the broker's time at most.
  Duration reclaim_pause = std::chrono::microseconds(10);

  /// A task runs a second time when it has run for longer than this, and so many times the job's mean.
  Duration hedge_above = std::chrono::milliseconds(20);
  double hedge_factor = 2;
  Duration hedge_pause = std::chrono::milliseconds(5);  ///< between two looks for stragglers

  std::uint32_t kills_max = 3;    ///< workers that a task may take with it before it is failed
  std::uint32_t losses_free = 1;  ///< losses in company before a task is suspect
  Duration backoff_max = std::chrono::minutes(10);
  std::uint64_t page_bytes = 1u << 20;

  std::uint64_t upload_credit_bytes = 64u << 20;
  /// While more results and arguments than this wait for the disk, no lease is given out.
  std::uint64_t unstored_bytes_max = 256u << 20;
  /// What the store may hold before new jobs and tasks are refused; 0: no limit. Results are stored all the same: to
  /// refuse them would stop jobs that were accepted.
  std::uint64_t state_bytes_max = 0;
};

}  // namespace brigade::broker
