// Questions and answers.
#include "proto/wire/limits.h"
#include "proto/wire/parts.h"
#include "proto/wire/text.h"

namespace brigade::wire {
namespace {

constexpr int kVerbs = 8;

void put_worker(const WorkerSummary& worker, pb::WorkerSummary& to) {
  to.set_name(worker.name);
  to.set_host(worker.host);
  to.set_version(worker.version);
  to.set_pid(worker.pid);
  for (const std::uint32_t slots : worker.slots) to.add_slots(slots);
  for (const std::uint32_t busy : worker.busy) to.add_busy(busy);
  for (const KindOffer& kind : worker.kinds) put(kind, *to.add_kinds());
  to.set_leases(worker.leases);
  to.set_leased_tasks(worker.leased_tasks);
  to.set_finished_tasks(worker.finished_tasks);
  to.set_draining(worker.draining);
  to.set_silent_for_ns(worker.silent_for.count());
}

WorkerSummary get_worker(const pb::WorkerSummary& from, Check& check) {
  WorkerSummary worker;
  worker.name = check.text(from.name(), "worker.name", kNameBytesMax);
  worker.host = check.text(from.host(), "worker.host", kNameBytesMax);
  worker.version = check.text(from.version(), "worker.version", kNameBytesMax);
  worker.pid = from.pid();
  worker.slots = per_lane(from.slots(), "worker.slots", check);
  worker.busy = per_lane(from.busy(), "worker.busy", check);
  worker.kinds = get(from.kinds(), check);
  worker.leases = from.leases();
  worker.leased_tasks = from.leased_tasks();
  worker.finished_tasks = from.finished_tasks();
  worker.draining = from.draining();
  worker.silent_for = check.duration(from.silent_for_ns(), "worker.silent_for");
  return worker;
}

void put_status(const BrokerStatus& status, pb::BrokerStatus& to) {
  to.set_version(status.version);
  to.set_pid(status.pid);
  to.set_epoch(status.epoch);
  to.set_uptime_ns(status.uptime.count());
  to.set_durable(status.durable);
  to.set_state_folder(for_people(status.state_folder, kTextBytesMax));
  to.set_trouble(for_people(status.trouble, kTextBytesMax));
  to.set_jobs(status.jobs);
  to.set_jobs_unfinished(status.jobs_unfinished);
  to.set_tasks_waiting(status.tasks_waiting);
  to.set_tasks_running(status.tasks_running);
  to.set_tasks_delayed(status.tasks_delayed);
  to.set_workers(status.workers);
  to.set_clients(status.clients);
  to.set_malformed_messages(status.malformed_messages);
  to.set_stale_messages(status.stale_messages);
  to.set_state_bytes(status.state_bytes);
  to.set_state_bytes_max(status.state_bytes_max);
}

BrokerStatus get_status(const pb::BrokerStatus& from, Check& check) {
  return {.version = check.text(from.version(), "status.version", kNameBytesMax),
          .pid = from.pid(),
          .epoch = from.epoch(),
          .uptime = check.duration(from.uptime_ns(), "status.uptime"),
          .durable = from.durable(),
          .state_folder = check.text(from.state_folder(), "status.state_folder", kTextBytesMax),
          .trouble = check.text(from.trouble(), "status.trouble", kTextBytesMax),
          .jobs = from.jobs(),
          .jobs_unfinished = from.jobs_unfinished(),
          .tasks_waiting = from.tasks_waiting(),
          .tasks_running = from.tasks_running(),
          .tasks_delayed = from.tasks_delayed(),
          .workers = from.workers(),
          .clients = from.clients(),
          .malformed_messages = from.malformed_messages(),
          .stale_messages = from.stale_messages(),
          .state_bytes = from.state_bytes(),
          .state_bytes_max = from.state_bytes_max()};
}

}  // namespace

void put(const Ask& message, Out& out) {
  auto& to = *out.envelope.mutable_ask();
  to.set_request(message.request.value);
  to.set_verb(static_cast<pb::Verb>(message.verb));
  to.set_subject(message.subject);
}

Message get(const pb::Ask& from, In& in) {
  return Ask{.request = RequestId{from.request()},
             .verb = in.check.one_of<Verb>(from.verb(), "ask.verb", kVerbs),
             .subject = in.check.text(from.subject(), "ask.subject", kNameBytesMax)};
}

void put(const Answer& message, Out& out) {
  auto& to = *out.envelope.mutable_answer();
  to.set_request(message.request.value);
  to.set_last(message.last);
  if (message.error) put(*message.error, *to.mutable_error());
  for (const JobSummary& job : message.jobs) put(job, *to.add_jobs());
  for (const JobSpec& spec : message.specs) put(spec, *to.add_specs());
  for (const WorkerSummary& worker : message.workers) put_worker(worker, *to.add_workers());
  if (message.status) put_status(*message.status, *to.mutable_status());
  for (const std::string& reason : message.reasons) to.add_reasons(for_people(reason, kTextBytesMax));
}

Message get(const pb::Answer& from, In& in) {
  Answer answer;
  answer.request = RequestId{from.request()};
  answer.last = from.last();
  if (from.has_error()) answer.error = get(from.error(), in.check);
  for (const int rows : {from.jobs_size(), from.specs_size(), from.workers_size(), from.reasons_size()})
    in.check.most(static_cast<std::uint64_t>(rows), "answer: rows", kAnswerRowsMax);
  if (!in.check.ok()) return answer;
  for (const auto& job : from.jobs()) answer.jobs.push_back(get(job, in.check));
  for (const auto& spec : from.specs()) answer.specs.push_back(get(spec, in.check));
  for (const auto& worker : from.workers()) answer.workers.push_back(get_worker(worker, in.check));
  if (from.has_status()) answer.status = get_status(from.status(), in.check);
  for (const auto& reason : from.reasons())
    answer.reasons.push_back(in.check.text(reason, "answer.reason", kTextBytesMax));
  return answer;
}

}  // namespace brigade::wire
