#include "broker/core/shares.h"

#include <algorithm>

#include "broker/core/roster.h"

namespace brigade::broker {
namespace {

/// Even a task that does nothing takes something, so that jobs of such tasks share by their number.
constexpr double kTaskMs = 0.001;
constexpr double kUnknownMs = 1;

double leased_ms_of(const Job& job) {
  const double task_ms = job.cost.known ? std::max(job.cost.run_ms, kTaskMs) : kUnknownMs;
  return static_cast<double>(job.leased) * task_ms;
}

bool is_runnable(const State& state, const Job& job) {
  return !job.cut && job.has_ready() && state.supplies.contains(job.spec.kind);
}

}  // namespace

void join_shares(State& state, Job& job) {
  Share& share = state.shares[job.client];
  if (share.unfinished_jobs++ == 0) share.ran_ms = std::max(share.ran_ms, state.shares_clock);
  job.ran_ms = share.clocks[job.spec.priority];
}

void leave_shares(State& state, const Job& job) {
  require(job.leased_ms == 0);
  Share& share = state.shares.at(job.client);
  if (--share.unfinished_jobs > 0) return;
  share.leased_ms = 0;  // what rounding left
  share.clocks.clear();
  const auto works = [](const auto& entry) { return entry.second.unfinished_jobs > 0; };
  if (std::ranges::any_of(state.shares, works)) return;
  // Nobody has anything to do: what somebody was given while he was alone is not held against him later.
  for (const auto& [client, other] : state.shares) state.shares_clock = std::max(state.shares_clock, other.ran_ms);
}

void recount(State& state, Job& job) {
  if (!job.sealed || job.is_final()) return;
  Share& share = state.shares.at(job.client);
  const double leased_ms = leased_ms_of(job);
  share.leased_ms += leased_ms - job.leased_ms;
  job.leased_ms = leased_ms;
  const bool runnable = is_runnable(state, job);
  if (runnable && !job.suspect.empty())
    state.suspects.insert(job.id);
  else
    state.suspects.erase(job.id);
  const auto lane = runnable ? placement_of(state, job).lane : Lane::threads;
  for (std::size_t each = 0; each < kLanes; ++each) {
    Ranking& ranking = state.runnable[each];
    if (runnable && each == static_cast<std::size_t>(lane)) {
      ranking.put(job.id, {job.client, share.given_ms(), job.spec.priority, job.given_ms()});
    } else {
      ranking.remove(job.id);
      ranking.move_client(job.client, share.given_ms());
    }
  }
}

void charge(State& state, Job& job, std::uint64_t tasks, double ran_ms) {
  const double charged_ms = std::max(ran_ms, static_cast<double>(tasks) * kTaskMs);
  job.ran_ms += charged_ms;
  state.shares.at(job.client).ran_ms += charged_ms;
}

void advance_clocks(State& state, const Job& job) {
  Share& share = state.shares.at(job.client);
  double& clock = share.clocks[job.spec.priority];
  clock = std::max(clock, job.ran_ms);
  state.shares_clock = std::max(state.shares_clock, share.ran_ms);
}

}  // namespace brigade::broker
