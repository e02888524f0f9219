#include "broker/core/why.h"

#include <algorithm>

#include "broker/core/permits.h"

namespace brigade::broker {
namespace {

std::string tasks(std::uint64_t count) {
  return std::to_string(count) + (count == 1 ? " task" : " tasks");
}

/// `1 task waits`, `2 tasks wait`.
std::string tasks(std::uint64_t count, const char* one, const char* many) {
  return tasks(count) + " " + (count == 1 ? one : many);
}

std::string requests(std::uint64_t count) {
  return std::to_string(count) + (count == 1 ? " request waits" : " requests wait");
}

std::string workers(std::size_t count) {
  return std::to_string(count) + (count == 1 ? " worker" : " workers");
}

std::string seconds(Duration duration) {
  const auto tenths = duration.count() / 100'000'000;
  return std::to_string(tenths / 10) + "." + std::to_string(tenths % 10) + " s";
}

void say_ending(const Job& job, std::vector<std::string>& reasons) {
  std::uint64_t failed = 0;
  for (std::size_t i = 1; i < kTaskStatuses; ++i) {
    if (job.by_status[i] == 0) continue;
    failed += job.by_status[i];
    reasons.push_back(tasks(job.by_status[i]) + " ended as " + std::string(name_of(static_cast<TaskStatus>(i))));
  }
  if (job.is_final() && failed == 0) reasons.push_back("it is finished: all " + tasks(job.tasks) + " are ok");
  if (job.is_final() && failed > 0)
    reasons.push_back("it is finished; `brigade retry JOB --failed` runs the failed tasks again");
}

void say_workers(const State& state, const Job& job, std::vector<std::string>& reasons) {
  std::size_t offering = 0, draining = 0, slotless = 0;
  for (const auto& [peer, worker] : state.workers) {
    const KindOffer* offer = worker.offer(job.spec.kind);
    if (offer == nullptr) continue;
    ++offering;
    const Placement placement = placement_of(job.spec.mode, offer->preferred, job.spec.ceilings);
    if (worker.draining)
      ++draining;
    else if (worker.slots[static_cast<std::size_t>(placement.lane)] == 0)
      ++slotless;
  }
  if (state.workers.empty())
    reasons.push_back("no worker is connected; start one with `brigade-worker --broker ENDPOINT`");
  else if (offering == 0)
    reasons.push_back("no connected worker offers the kind " + job.spec.kind + " (" + workers(state.workers.size()) +
                      " connected)");
  else if (draining == offering)
    reasons.push_back("every worker that offers the kind " + job.spec.kind + " is draining");
  else if (draining + slotless == offering)
    reasons.push_back("no worker has slots for the mode " + std::string(name_of(job.spec.mode)));
}

void say_ceilings(const Ceilings& ceilings, std::vector<std::string>& reasons) {
  if (ceilings.workers > 0) reasons.push_back("it is limited to " + workers(ceilings.workers) + " (--max-workers)");
  if (ceilings.per_worker > 0)
    reasons.push_back("it is limited to " + tasks(ceilings.per_worker) + " at once on each worker (--per-worker)");
}

/// Jobs that go first: of this client with a higher priority, or clients served less so far.
void say_queue(const State& state, const Job& job, std::vector<std::string>& reasons) {
  std::size_t above = 0, beside = 0, others = 0;
  std::string example;
  for (const JobId id : state.accepted) {
    const Job& other = state.jobs.at(id);
    if (other.id == job.id || other.is_final()) continue;
    if (other.client != job.client) {
      ++others;
    } else if (other.spec.priority > job.spec.priority) {
      ++above;
      example = other.spec.name.empty() ? to_string(other.id) : other.spec.name;
    } else if (other.spec.priority == job.spec.priority) {
      ++beside;
    }
  }
  if (above > 0)
    reasons.push_back("it is behind " + std::to_string(above) + (above == 1 ? " job" : " jobs") +
                      " of higher priority (for example " + example + ")");
  if (beside > 0) reasons.push_back("it shares with " + std::to_string(beside) + " of the same priority");
  if (others > 0) reasons.push_back("it shares with " + std::to_string(others) + " of other clients");
}

/// What of a job with limits could run, but for these.
void say_permits(const Permits& permits, Now now, std::vector<std::string>& reasons) {
  constexpr std::size_t kTargetsMax = 5;
  std::uint64_t rest = permits.wanted();
  const auto blocked = permits.blocked(now.instant, kTargetsMax);
  for (const Permits::Blocked& target : blocked) {
    rest -= target.wanted;
    const std::string name = target.name.empty() ? "a host" : target.name;
    const std::string left = seconds(std::max(Duration{}, target.until - now.instant));
    const std::string who = requests(target.wanted);
    if (target.full)
      reasons.push_back(who + " for " + name + ", which has as many under way as --per-host allows");
    else if (target.held)
      reasons.push_back(who + " for " + name + ", which asked to be left alone (Retry-After), for " + left + " more");
    else
      reasons.push_back(who + " for the rate of " + name + " (--host-rate), the next in " + left);
  }
  const bool has_rate = permits.limits().spacing > Duration{};
  const std::string rate = has_rate ? "the job's own rate (--rate)" : "";
  const std::string hosts = blocked.size() == kTargetsMax ? "further hosts" : "";
  const std::string what = hosts + (hosts.empty() || rate.empty() ? "" : " or for ") + rate;
  if (rest > 0 && !what.empty()) reasons.push_back(requests(rest) + " for " + what);
}

}  // namespace

std::vector<std::string> why(const State& state, const Job& job, Now now) {
  std::vector<std::string> reasons;
  say_ending(job, reasons);
  if (job.is_final()) return reasons;
  if (!state.trouble.empty()) reasons.push_back("the broker cannot store results now: " + state.trouble);
  if (job.leased > 0) {
    std::set<PeerId> holders;
    for (const LeaseId id : job.leases) holders.insert(state.leases.at(id).worker);
    reasons.push_back(tasks(job.leased, "is", "are") + " with " + workers(holders.size()) + " now");
  }
  if (job.permits) say_permits(*job.permits, now, reasons);
  if (const std::uint64_t waiting = job.ready.count() + job.suspect.count(); waiting > 0) {
    reasons.push_back(tasks(waiting, "waits", "wait") + " for a free slot");
    say_ceilings(job.spec.ceilings, reasons);
    say_workers(state, job, reasons);
    say_queue(state, job, reasons);
  }
  if (!job.suspect.empty())
    reasons.push_back(tasks(job.suspect.count(), "was", "were") +
                      " with workers that were lost and will run apart, to find the one that kills");
  if (!job.delayed.empty()) {
    const Duration wait = job.due.empty() ? Duration{} : std::max(Duration{}, job.due.begin()->first - now.instant);
    reasons.push_back(tasks(job.delayed.count(), "failed and waits", "failed and wait") + " for a retry, the next in " +
                      seconds(wait));
  }
  if (!job.uncommitted.empty()) reasons.push_back("finished results wait for the disk");
  return reasons;
}

}  // namespace brigade::broker
