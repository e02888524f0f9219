#include "broker/core/recovery.h"

#include <algorithm>

#include "broker/core/answers.h"
#include "broker/core/outcomes.h"
#include "broker/core/uploads.h"

namespace brigade::broker {
namespace {

Job& restore(State& state, RecoveredJob& recovered, Now now) {
  Job& job = state.jobs[recovered.id];
  job.id = recovered.id;
  job.spec = std::move(recovered.spec);
  job.client = std::move(recovered.client);
  job.tasks = recovered.tasks;
  job.hash = recovered.hash;
  job.sealed = recovered.sealed;
  job.next_chunk = recovered.chunks;
  job.touched = now.instant;
  job.accepted_at = recovered.accepted_at;
  job.done = std::move(recovered.done);
  job.failed = std::move(recovered.failed);
  job.by_status = recovered.by_status;
  job.log_rows = job.visible_rows = recovered.log_rows;
  state.by_key[job.spec.key] = job.id;
  return job;
}

/// Later records stand for earlier ones.
void restore_trials(Job& job, const std::vector<AttemptsCounted>& records) {
  for (const AttemptsCounted& record : records) {
    if (!record.lost_worker.empty()) job.killed[record.run.first].push_back(record.lost_worker);
    for (const Waiting& waiting : job.take_waiting(record.run)) job.requeue({waiting.run, record.trial});
  }
}

}  // namespace

void recover(State& state, std::vector<RecoveredJob> jobs, Now now, Commands& out) {
  for (RecoveredJob& recovered : jobs) {
    Job& job = restore(state, recovered, now);
    if (!job.sealed) continue;
    if (recovered.finished) {
      job.done = RunSet({0, job.tasks});
      job.final_summary = std::move(recovered.finished);
      state.accepted.push_back(job.id);
      state.shares[job.client];
      continue;
    }
    // The time that passed before the restart is known from the labels only; a deadline goes on from there.
    const auto age = std::chrono::milliseconds(std::max<std::int64_t>(0, now.utc.value - job.accepted_at.value));
    job.accepted = now.instant - age;
    accept(state, job);
    restore_trials(job, recovered.attempts);
    touch(state, job);
    cut_if_over_fail_limit(state, job, now, out);
    finish_if_complete(state, job, now, out);
  }
}

void forget_old(State& state, Now now, Commands& out) {
  const std::int64_t keep_ms =
      std::chrono::duration_cast<std::chrono::milliseconds>(state.settings.keep_results).count();
  std::vector<JobId> old;
  for (const JobId id : state.accepted) {
    const Job& job = state.jobs.at(id);
    if (job.is_final() && now.utc.value - job.final_summary->finished_at.value > keep_ms) old.push_back(id);
  }
  for (const JobId id : old) forget(state, state.jobs.at(id), out);
}

}  // namespace brigade::broker
