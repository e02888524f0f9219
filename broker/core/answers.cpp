#include "broker/core/answers.h"

#include <algorithm>

#include "broker/core/outcomes.h"
#include "broker/core/readers.h"
#include "broker/core/roster.h"
#include "broker/core/why.h"

namespace brigade::broker {
namespace {

/// Rows per part of an answer: a part stays far below a message's bounds.
constexpr std::size_t kRowsPerPart = 512;

void answer_error(const Client& client, RequestId request, Error error, Commands& out) {
  Answer answer{.request = request};
  answer.error = std::move(error);
  send(client.peer, std::move(answer), out);
}

/// The job that a person means: an id, a unique beginning of one, a name (the latest of that name), or `last`.
Result<Job*> find_job(State& state, const Client& client, const std::string& subject) {
  if (const auto id = parse_job_id(subject))
    if (Job* job = state.job(*id); job != nullptr && job->sealed) return job;
  Job* by_name = nullptr;
  std::vector<Job*> by_prefix;
  for (auto it = state.accepted.rbegin(); it != state.accepted.rend(); ++it) {
    Job& job = state.jobs.at(*it);
    if (subject == "last" && job.client == client.identity) return &job;
    if (by_name == nullptr && !subject.empty() && (job.spec.name == subject || job.spec.key == subject)) by_name = &job;
    if (subject.size() >= 4 && to_string(job.id).starts_with(subject)) by_prefix.push_back(&job);
  }
  if (by_name != nullptr) return by_name;
  if (by_prefix.size() == 1) return by_prefix.front();
  if (by_prefix.size() > 1)
    return Error{ErrorCode::conflict,
                 std::to_string(by_prefix.size()) + " jobs begin with " + subject + "; give more of the id"};
  if (subject == "last") return Error{ErrorCode::not_found, "no job of yours is here yet; `brigade jobs` lists all"};
  return Error{ErrorCode::not_found, "no job has the id or name '" + subject + "'; `brigade jobs` lists what there is"};
}

void list_jobs(State& state, const Client& client, const Ask& ask, Now now, Commands& out) {
  Answer part{.request = ask.request, .last = false};
  for (const JobId id : state.accepted) {
    part.jobs.push_back(state.jobs.at(id).summary(now.instant));
    if (part.jobs.size() < kRowsPerPart) continue;
    send(client.peer, part, out);
    part.jobs.clear();
  }
  part.last = true;
  send(client.peer, std::move(part), out);
}

WorkerSummary summary_of(const Worker& worker, Now now) {
  WorkerSummary summary{.name = worker.name, .host = worker.host, .version = worker.version, .pid = worker.pid};
  summary.slots = worker.slots;
  summary.busy = worker.busy;
  summary.kinds = worker.kinds;
  summary.leases = static_cast<std::uint32_t>(worker.leases.size());
  for (const std::uint64_t tasks : worker.open_tasks) summary.leased_tasks += tasks;
  summary.finished_tasks = worker.finished_tasks;
  summary.draining = worker.draining;
  summary.silent_for = now.instant - worker.heard;
  return summary;
}

std::vector<const Worker*> sorted_workers(const State& state) {
  std::vector<const Worker*> workers;
  for (const auto& [peer, worker] : state.workers) workers.push_back(&worker);
  std::ranges::sort(workers, {}, [](const Worker* worker) { return std::tie(worker->name, worker->peer); });
  return workers;
}

void list_workers(State& state, const Client& client, const Ask& ask, Now now, Commands& out) {
  Answer part{.request = ask.request, .last = false};
  for (const Worker* worker : sorted_workers(state)) {
    part.workers.push_back(summary_of(*worker, now));
    if (part.workers.size() < kRowsPerPart) continue;
    send(client.peer, part, out);
    part.workers.clear();
  }
  part.last = true;
  send(client.peer, std::move(part), out);
}

void status(State& state, const Client& client, const Ask& ask, Now now, Commands& out) {
  BrokerStatus status{.version = state.self.version,
                      .pid = state.self.pid,
                      .epoch = state.epoch,
                      .uptime = now.instant - state.started,
                      .durable = state.self.durable,
                      .state_folder = state.self.state_folder,
                      .trouble = state.trouble,
                      .jobs = state.accepted.size(),
                      .workers = state.workers.size(),
                      .clients = state.clients.size(),
                      .malformed_messages = state.malformed,
                      .stale_messages = state.stale,
                      .state_bytes_max = state.settings.state_bytes_max};
  for (const JobId id : state.accepted) {
    const Job& job = state.jobs.at(id);
    status.jobs_unfinished += job.is_final() ? 0 : 1;
    status.tasks_waiting += job.ready.count() + job.suspect.count();
    status.tasks_running += job.leased;
    status.tasks_delayed += job.delayed.count();
  }
  Answer answer{.request = ask.request};
  answer.status = status;
  send(client.peer, std::move(answer), out);
}

void drain(State& state, const Client& client, const Ask& ask, Now now, Commands& out) {
  Answer answer{.request = ask.request};
  for (const Worker* found : sorted_workers(state)) {
    if (!ask.subject.empty() && found->name != ask.subject) continue;
    Worker& worker = state.workers.at(found->peer);
    begin_draining(state, worker);
    send(worker.peer, Drain{}, out);
    answer.workers.push_back(summary_of(worker, now));
  }
  if (answer.workers.empty() && !ask.subject.empty())
    answer.error =
        Error{ErrorCode::not_found, "no worker is named '" + ask.subject + "'; `brigade workers` lists them"};
  state.idle_hands = true;
  send(client.peer, std::move(answer), out);
}

void about_job(State& state, const Client& client, const Ask& ask, Now now, Commands& out) {
  const auto found = find_job(state, client, ask.subject);
  if (!found) return answer_error(client, ask.request, found.error(), out);
  Job& job = **found;
  Answer answer{.request = ask.request};
  if (ask.verb == Verb::forget) {
    if (!job.is_final())
      return answer_error(
          client, ask.request,
          {ErrorCode::conflict, "the job is not finished; `brigade cancel " + to_string(job.id) + "` first"}, out);
    answer.jobs.push_back(job.summary(now.instant));
    const JobId id = job.id;
    forget(state, job, out);
    return answer_when_stored(state, {client.peer, std::move(answer), id}, out);
  }
  if (ask.verb == Verb::cancel) {
    if (!job.is_final() && !job.cut) cut(state, job, TaskStatus::cancelled, now, out);
    answer.jobs.push_back(job.summary(now.instant));
    return answer_when_stored(state, {client.peer, std::move(answer), job.id}, out);
  }
  if (ask.verb == Verb::why) answer.reasons = why(state, job, now);
  if (ask.verb == Verb::show_job) answer.specs.push_back(job.spec);
  answer.jobs.push_back(job.summary(now.instant));
  send(client.peer, std::move(answer), out);
}

}  // namespace

void on_ask(State& state, Client& client, const Ask& ask, Now now, Commands& out) {
  switch (ask.verb) {
    case Verb::list_jobs:
      return list_jobs(state, client, ask, now, out);
    case Verb::list_workers:
      return list_workers(state, client, ask, now, out);
    case Verb::status:
      return status(state, client, ask, now, out);
    case Verb::drain:
      return drain(state, client, ask, now, out);
    case Verb::show_job:
    case Verb::why:
    case Verb::cancel:
    case Verb::forget:
      return about_job(state, client, ask, now, out);
  }
}

void forget(State& state, Job& job, Commands& out) {
  require(job.is_final() || !job.sealed);
  const JobId id = job.id;
  end_readers(state, id, out);
  state.by_key.erase(job.spec.key);
  std::erase(state.accepted, id);
  append(state, JobForgotten{id}, std::monostate{}, out);
  state.jobs.erase(id);
}

}  // namespace brigade::broker
