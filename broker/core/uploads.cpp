#include "broker/core/uploads.h"

#include <algorithm>
#include <optional>
#include <tuple>
#include <utility>

#include "broker/core/answers.h"
#include "broker/core/placement.h"
#include "broker/core/readers.h"
#include "broker/core/sessions.h"
#include "broker/core/shares.h"

namespace brigade::broker {
namespace {

void reject(const Client& client, RequestId request, JobId job, Error error, Commands& out) {
  send(client.peer, SubmitRejected{request, job, std::move(error)}, out);
}

/// Why the store has no room for more jobs and tasks, if so: it holds as much as it may, what is on its way included.
std::optional<Error> over_quota(const State& state) {
  const std::uint64_t most = state.settings.state_bytes_max;
  if (most == 0) return std::nullopt;
  std::uint64_t bytes = state.store_bytes;
  for (const auto& [peer, client] : state.clients) bytes += client.uploading_bytes;
  if (bytes < most) return std::nullopt;
  const auto mebibytes = [](std::uint64_t count) { return std::to_string(count >> 20) + " MiB"; };
  return Error{ErrorCode::storage, "the broker takes no more tasks now: it stores " + mebibytes(bytes) + " of " +
                                       mebibytes(most) +
                                       " (--state-max). Forget finished jobs (`brigade jobs` lists them, `brigade"
                                       " forget JOB`), or start the broker with a larger --state-max"};
}

/// What must be the same for one key, apart from the arguments (those are in the content hash).
bool same_work(const JobSpec& a, const JobSpec& b) {
  const auto work = [](const JobSpec& spec) {
    return std::tie(spec.kind, spec.options, spec.mode, spec.range, spec.task_timeout, spec.deadline, spec.retries,
                    spec.backoff, spec.max_fails);
  };
  return work(a) == work(b);
}

Error other_content(const Job& job) {
  return {ErrorCode::conflict, "the key stands for a job with other tasks or options, " + to_string(job.id) +
                                   "; take another key, or forget that job first"};
}

Job& new_job(State& state, const Client& client, const JobSpec& spec, Now now, Commands& out) {
  const JobId id = state.new_job_id();
  Job& job = state.jobs[id];
  job.id = id;
  job.spec = spec;
  job.client = client.identity;
  state.by_key[spec.key] = id;
  append(state, JobOpened{id, spec, client.identity, now.utc}, std::monostate{}, out);
  return job;
}

/// The upload that a Chunk or Seal is about, if this client may go on with it.
Job* upload_of(State& state, const Client& client, JobId id, Commands& out) {
  Job* job = state.job(id);
  if (job != nullptr && !job->sealed && job->uploader == client.peer) return job;
  reject(client, {}, id, {ErrorCode::not_found, "this connection uploads no such job; open it again by its key"}, out);
  return nullptr;
}

std::string warning_for(const State& state, const Job& job) {
  const bool offered = std::ranges::any_of(
      state.workers, [&](const auto& entry) { return entry.second.offer(job.spec.kind) != nullptr; });
  if (offered) return "";
  if (state.workers.empty()) return "no worker is connected yet; the job waits for one";
  return "no connected worker offers the kind " + job.spec.kind + "; the job waits for one that does";
}

void tell_sealed(State& state, const Job& job, Job::Sealer sealer, bool existed, Commands& out) {
  send(sealer.peer, Sealed{sealer.request, job.id, existed, warning_for(state, job)}, out);
  if (!sealer.read) return;
  sealer.read->job = job.id;
  on_read(state, sealer.peer, *sealer.read, out);
}

/// Of a job that is sealed, or about to be: the same seal sent again is answered like the first, another is refused.
void seal_again(State& state, Job& job, Job::Sealer sealer, const ContentHash& hash, Commands& out) {
  if (job.hash != hash) return send(sealer.peer, SubmitRejected{sealer.request, job.id, other_content(job)}, out);
  if (job.sealed) return tell_sealed(state, job, std::move(sealer), true, out);
  if (std::ranges::find(job.sealers, sealer.peer, &Job::Sealer::peer) == job.sealers.end())
    job.sealers.push_back(std::move(sealer));
}

void seal(State& state, Job& job, Job::Sealer sealer, const ContentHash& hash, Now now, Commands& out) {
  job.hash = hash;
  job.sealing = true;
  job.sealers = {std::move(sealer)};
  job.touched = now.instant;
  append(state, JobSealed{job.id, job.tasks, hash, now.utc}, SealPending{job.id}, out);
}

/// A range needs no chunks: its Open can be all of its upload.
void seal_range(State& state, Client& client, Job& job, const Open& open, Now now, Commands& out) {
  Job::Sealer sealer{client.peer, open.request, open.read};
  if (job.sealed || job.sealing) return seal_again(state, job, std::move(sealer), *open.hash, out);
  job.tasks = job.spec.range->count;
  seal(state, job, std::move(sealer), *open.hash, now, out);
}

}  // namespace

void on_open(State& state, Client& client, const Open& open, Now now, Commands& out) {
  if (!state.trouble.empty())
    return reject(client, open.request, {}, {ErrorCode::storage, "the broker cannot store jobs now: " + state.trouble},
                  out);
  if (open.spec.key.empty() || open.spec.kind.empty())
    return reject(client, open.request, {}, {ErrorCode::invalid, "a job needs a kind and a key"}, out);
  if (open.spec.range && open.spec.range->count == 0)
    return reject(client, open.request, {}, {ErrorCode::invalid, "the range has no tasks"}, out);
  if (open.hash && !open.spec.range)
    return reject(client, open.request, {}, {ErrorCode::malformed, "only a range can be sealed when it is opened"},
                  out);
  Job* job = nullptr;
  if (const auto it = state.by_key.find(open.spec.key); it != state.by_key.end()) {
    job = &state.jobs.at(it->second);
    if (!same_work(job->spec, open.spec))
      return reject(client, open.request, {},
                    {ErrorCode::conflict, "the key " + open.spec.key + " stands for another job, " +
                                              to_string(job->id) + "; take another key, or forget that job first"},
                    out);
  } else {
    if (auto full = over_quota(state)) return reject(client, open.request, {}, *std::move(full), out);
    job = &new_job(state, client, open.spec, now, out);
  }
  job->uploader = client.peer;
  job->touched = now.instant;
  if (open.hash) return seal_range(state, client, *job, open, now, out);
  send(client.peer, Opened{open.request, job->id, job->next_chunk, job->sealed}, out);
}

void on_chunk(State& state, Client& client, const Chunk& chunk, Now now, Commands& out) {
  Job* job = upload_of(state, client, chunk.job, out);
  if (job == nullptr) return;
  if (!state.trouble.empty())
    return reject(client, {}, job->id, {ErrorCode::storage, "the broker cannot store tasks now: " + state.trouble},
                  out);
  if (auto full = over_quota(state)) return reject(client, {}, job->id, *std::move(full), out);
  if (chunk.sequence != job->next_chunk || job->spec.range || job->sealing || chunk.count == 0) {
    ++state.malformed;
    return reject(client, {}, job->id, {ErrorCode::malformed, "this chunk does not follow the one before"}, out);
  }
  const std::uint64_t bytes = weight_of(chunk);
  client.uploading_bytes += bytes;
  // One chunk alone may be heavier than the credit.
  if (client.uploading_bytes > state.settings.upload_credit_bytes + bytes)
    return refuse(state, client.peer, {ErrorCode::malformed, "more was sent than the upload credit allows"}, now, out);
  job->touched = now.instant;
  job->argument_bytes +=
      (static_cast<double>(chunk.arguments.blob.size()) / static_cast<double>(chunk.count) - job->argument_bytes) /
      static_cast<double>(chunk.sequence + 1);
  append(state, ChunkArrived{job->id, chunk.sequence, {job->tasks, chunk.count}, chunk.arguments, chunk.labels},
         ChunkPending{client.peer, job->id, chunk.sequence, bytes}, out);
  ++job->next_chunk;
  job->tasks += chunk.count;
}

void on_seal(State& state, Client& client, const Seal& asked, Now now, Commands& out) {
  Job::Sealer sealer{client.peer, {}, asked.read};
  if (Job* job = state.job(asked.job); job != nullptr && (job->sealed || job->sealing))
    return seal_again(state, *job, std::move(sealer), asked.hash, out);
  Job* job = upload_of(state, client, asked.job, out);
  if (job == nullptr) return;
  const std::uint64_t tasks = job->spec.range ? job->spec.range->count : job->tasks;
  if (asked.tasks != tasks || tasks == 0) {
    ++state.malformed;
    return reject(client, {}, job->id,
                  {ErrorCode::malformed,
                   "the seal names " + std::to_string(asked.tasks) + " tasks, " + std::to_string(tasks) + " arrived"},
                  out);
  }
  job->tasks = tasks;
  seal(state, *job, std::move(sealer), asked.hash, now, out);
}

void on_seal_committed(State& state, Job& job, Now now, Commands& out) {
  job.sealed = true;
  job.accepted_at = now.utc;
  job.accepted = now.instant;
  accept(state, job);
  place(state, now, out);  // the first leases go out before the answers: results wait for them
  for (Job::Sealer& sealer : std::exchange(job.sealers, {}))
    if (state.clients.contains(sealer.peer)) tell_sealed(state, job, std::move(sealer), false, out);
}

void accept(State& state, Job& job) {
  state.accepted.push_back(job.id);
  join_shares(state, job);
  // What waits for a permit looks like a straggler, and its second run would wait too.
  if (job.spec.hedge && !job.spec.limits.any()) state.hedging.insert(job.id);
  if (const Instant deadline = job.deadline(); deadline != kNever) state.wakeups.emplace(deadline, job.id);
  for (const Run& run : job.done.missing({0, job.tasks})) job.ready.add({run, Trial{}});
  touch(state, job);
}

void expire_uploads(State& state, Now now, Commands& out) {
  std::vector<JobId> expired;
  for (const auto& [id, job] : state.jobs)
    if (!job.sealed && !job.sealing && now.instant - job.touched > state.settings.upload_expiry) expired.push_back(id);
  std::ranges::sort(expired);
  for (const JobId id : expired) forget(state, state.jobs.at(id), out);
}

}  // namespace brigade::broker
