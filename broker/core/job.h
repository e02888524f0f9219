// One job in the broker: which of its tasks wait, run and are done, and what is known of their cost.
#pragma once

#include <map>
#include <memory>
#include <set>
#include <string>
#include <unordered_set>
#include <vector>

#include "broker/core/waiting.h"
#include "proto/model/job.h"
#include "proto/model/messages.h"
#include "proto/model/outcome.h"

namespace brigade::broker {

class Permits;

/// Means that follow the latest values, for the size of leases.
struct TaskCost {
  bool known = false;
  double run_ms = 0;
  double result_bytes = 0;
  /// Takes in a block's totals; recent blocks weigh more.
  void learn(double run_ms_total, double result_bytes_total, std::uint64_t tasks);
};

/// States of a task and where each is kept:
///   ready    in `ready` or, when it may have killed a worker, in `suspect`
///   delayed  in `delayed`, waiting for a retry; `due` says until when
///   leased   in the open part of exactly one lease
///   final    in `done`, for ever
/// Every task 0..tasks-1 of a sealed job is in exactly one of these.
struct Job {
  JobId id;
  JobSpec spec;
  std::string client;
  std::uint64_t tasks = 0;
  bool sealed = false;
  ContentHash hash{};

  // The upload, until it is sealed.
  std::uint64_t next_chunk = 0;
  PeerId uploader{};
  Instant touched{};
  bool sealing = false;
  /// Who has sent the seal that is on its way to the disk, and wants to be told.
  struct Sealer {
    PeerId peer;
    RequestId request;         ///< of an Open; else 0
    std::optional<Read> read;  ///< that begins then
  };
  std::vector<Sealer> sealers;

  Instant accepted{};
  UtcMs accepted_at{}, started_at{}, finished_at{};
  Instant started{}, finished{};

  WaitingRuns ready, suspect, delayed;
  std::multimap<Instant, Run> due;  ///< of `delayed`; an entry whose tasks have left (they are final) is skipped
  RunSet done;
  RunSet failed;                                         ///< of `done`: neither ok nor cut
  std::array<std::uint64_t, kTaskStatuses> by_status{};  ///< committed ones
  std::unordered_set<LeaseId> leases;
  std::set<PeerId> crew;     ///< where it may be with so many workers only: these (crew.h)
  RunSet hedge_failed;       ///< tasks whose second run failed: there is no other
  std::set<LeaseId> hedges;  ///< second runs; their tasks are in the open part of another lease, or were
  std::set<PeerId> outrun;   ///< workers that may still run what somebody else has finished
  std::uint64_t leased = 0;  ///< tasks in their open parts
  std::map<std::uint64_t, std::vector<std::string>> killed;  ///< task -> workers lost while holding it alone

  std::uint64_t log_rows = 0;      ///< rows of the result log, the uncommitted ones included
  std::uint64_t visible_rows = 0;  ///< committed: what readers see
  struct Uncommitted {
    Runs runs;
    std::array<std::uint64_t, kTaskStatuses> by_status{};
  };
  std::map<std::uint64_t, Uncommitted> uncommitted;  ///< log position -> a block on its way to the disk

  TaskCost cost;
  double argument_bytes = 0;         ///< mean
  double ran_ms = 0;                 ///< time of slots that its tasks took, for equal shares among jobs
  double leased_ms = 0;              ///< what its leases will take, as its client's share counts it
  std::shared_ptr<Permits> permits;  ///< of a job with limits, once a worker wants some
  bool cut = false;                  ///< cancelled, over its deadline or its failures: nothing of it is leased any more
  TaskStatus cut_status = TaskStatus::ok;

  struct Timing {
    Histogram run_ms, queued_ms;
  };
  std::unique_ptr<Timing> timing;
  std::optional<JobSummary> final_summary;  ///< once all is committed; the sets above are given up then

  bool is_final() const { return final_summary.has_value(); }
  bool complete() const { return sealed && done.count() == tasks; }
  bool has_ready() const { return !ready.empty() || !suspect.empty(); }
  /// What it was given so far.
  double given_ms() const { return ran_ms + leased_ms; }
  bool dear_end_last() const { return spec.trend == CostTrend::rising; }
  std::uint64_t failures() const { return failed.count(); }
  /// When the rest is cut; kNever where the clock does not reach so far.
  Instant deadline() const;

  /// Moves tasks whose retry is due to ready. Returns whether there were any.
  bool wake_delayed(Instant now);
  /// What of the run could be leased now, with its past.
  std::vector<Waiting> leasable_in(Run run) const;
  /// Takes tasks out of every waiting set (they finished or are adopted); what was there, with its past.
  std::vector<Waiting> take_waiting(Run run);
  /// Puts tasks back: suspect or plain, as their past says.
  void requeue(const Waiting& waiting);
  /// The committed final tasks from `index` on without a gap.
  std::uint64_t readable_until(std::uint64_t index) const;
  JobSummary summary(Instant now) const;
};

}  // namespace brigade::broker
