#include "broker/core/permit_desk.h"

#include "broker/core/permits.h"
#include "broker/core/sessions.h"

namespace brigade::broker {
namespace {

/// Each of a worker's slots runs a request, or waits for a permit; as many tasks more may wait for their first one.
constexpr std::uint64_t kWantsPerSlot = 4;

/// A job that an earlier life of the broker accepted may have permits from then. The first new one comes after them,
/// and where they are counted, once the workers had time to come back and say what they have under way.
Instant first_instant(const State& state, const Job& job, Now now) {
  if (job.accepted > state.started) return now.instant;
  const Limits& limits = job.spec.limits;
  const Duration back = limits.per_target > 0 ? state.settings.silence_limit : Permits::kLead;
  return std::max(now.instant, state.started + back + std::max(limits.spacing, limits.target_spacing));
}

/// The job's permits; null for one that has no limits, or runs nothing.
Permits* permits_of(State& state, JobId id, Now now) {
  Job* job = state.job(id);
  if (job == nullptr || !job->sealed || job->cut || job->is_final() || !job->spec.limits.any()) return nullptr;
  if (!job->permits) {
    job->permits = std::make_shared<Permits>(job->spec.limits, first_instant(state, *job, now));
    state.limited.insert(id);
  }
  return job->permits.get();
}

}  // namespace

void on_want(State& state, const Worker& worker, const Want& want, Now now, Commands& out) {
  Permits* permits = permits_of(state, want.job, now);
  if (permits == nullptr) {
    ++state.stale;
    return;
  }
  const std::uint64_t most = kWantsPerSlot * (std::uint64_t{worker.slots[0]} + worker.slots[1]);
  const Permits::Sums has = permits->of_worker(worker.peer);
  if (has.wanted + want.count > most || has.in_use + want.in_use > most) {
    ++state.malformed;
    return refuse(state, worker.peer, {ErrorCode::malformed, "a worker wants more permits than it has slots"}, now,
                  out);
  }
  permits->want(worker.peer, want, now.instant);
  grant_permits(state, state.jobs.at(want.job), now, out);
}

void on_release(State& state, const Worker& worker, const Release& release, Now now, Commands& out) {
  Job* job = state.job(release.job);
  if (job == nullptr || !job->permits) {
    ++state.stale;
    return;
  }
  job->permits->release(worker.peer, release, now.instant);
  grant_permits(state, *job, now, out);
}

void on_hold(State& state, const Hold& hold, Now now, Commands& out) {
  Permits* permits = permits_of(state, hold.job, now);
  if (permits == nullptr) {
    ++state.stale;
    return;
  }
  permits->hold(hold, now.instant);
  grant_permits(state, state.jobs.at(hold.job), now, out);
}

void forget_permits(State& state, PeerId worker, Now now, Commands& out) {
  for (const JobId id : state.limited) {
    Job& job = state.jobs.at(id);
    job.permits->forget(worker, now.instant);
    grant_permits(state, job, now, out);
  }
}

void grant_permits(State& state, Job& job, Now now, Commands& out) {
  for (const Permits::Granted& granted : job.permits->grant(now.instant))
    send(granted.worker,
         Grant{.job = job.id,
               .target = granted.target,
               .count = granted.count,
               .first = granted.first,
               .spacing = granted.spacing,
               .sent = now.instant},
         out);
  if (const Instant next = job.permits->next_look(); next != kNever) state.wakeups.emplace(next, job.id);
}

void close_permits(State& state, Job& job) {
  job.permits.reset();
  state.limited.erase(job.id);
}

}  // namespace brigade::broker
