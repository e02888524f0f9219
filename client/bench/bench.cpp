#include "client/bench/bench.h"

#include <unistd.h>

#include <algorithm>
#include <vector>

#include "client/bench/noops.h"
#include "client/bench/usage.h"
#include "proto/base/os.h"

namespace brigade::bench {
namespace {

/// Submits the job, reads all of it and checks it.
Result<JobId> run_job(client::Session& session, const Load& load, NoopCheck& check) {
  const Instant begun = base::monotonic_now();
  const client::ReadOptions options{.order = Order::completion};
  const auto submitted = session.submit(noop_spec(load), noop_source(load), options);
  if (!submitted) return submitted.error();
  const auto sink = [&](const Results& page) { return check.add(page, base::monotonic_now() - begun); };
  if (const auto read = session.read(submitted->job, options, sink, {}); !read) return read.error();
  if (const auto complete = check.finish(); !complete) return complete.error();
  return submitted->job;
}

/// Results of a benchmark are nobody's: a broker that stays does not keep them.
Result<void> forget(client::Session& session, JobId job) {
  const auto forgotten = session.ask(Verb::forget, to_string(job));
  if (!forgotten) return forgotten.error();
  return {};
}

Error wrong_checksum() {
  return {ErrorCode::internal, "the checksum of the results is wrong; this is a bug: please report it"};
}

double per_task(double amount, std::uint64_t tasks) {
  return amount / static_cast<double>(tasks);
}

double cpu_ns(const Usage& before, const Usage& after) {
  return static_cast<double>((after.cpu - before.cpu).count());
}

double growth(std::uint64_t before, std::uint64_t after) {
  return after > before ? static_cast<double>(after - before) : 0;
}

}  // namespace

Result<Parties> parties_of(client::Session& session) {
  const auto status = session.ask(Verb::status, "");
  if (!status) return status.error();
  const auto workers = session.ask(Verb::list_workers, "");
  if (!workers) return workers.error();
  Parties parties{.client = ::getpid(), .broker = static_cast<pid_t>(status->status->pid)};
  for (const WorkerSummary& worker : workers->workers) parties.workers.push_back(static_cast<pid_t>(worker.pid));
  return parties;
}

Result<Figures> dispatch(client::Session& session, const Load& load, pid_t broker) {
  const auto before = usage_of(broker);
  if (!before) return before.error();
  NoopCheck check(load);
  const Instant begun = base::monotonic_now();
  const auto job = run_job(session, load, check);
  if (!job) return job.error();
  const Duration elapsed = base::monotonic_now() - begun;
  const auto after = usage_of(broker);
  if (!after) return after.error();
  if (check.checksum() != expected_checksum(load)) return wrong_checksum();
  if (const auto forgotten = forget(session, *job); !forgotten) return forgotten.error();
  return Figures{.tasks = load.tasks,
                 .elapsed = elapsed,
                 .p50_us = 1e3 * static_cast<double>(check.latency_ms().quantile(0.5)),
                 .p99_us = 1e3 * static_cast<double>(check.latency_ms().quantile(0.99)),
                 .broker_cpu_ns_per_task = per_task(cpu_ns(*before, *after), load.tasks),
                 .broker_bytes_per_task = per_task(growth(before->peak_bytes, after->peak_bytes), load.tasks),
                 .checksum = check.checksum()};
}

Result<Figures> latency(client::Session& session, const Load& load, pid_t broker) {
  const Load one{.tasks = 1, .columns = load.columns};
  std::vector<double> micros;
  std::vector<JobId> jobs;
  Figures figures{.tasks = load.tasks};
  const auto before = usage_of(broker);
  if (!before) return before.error();
  for (std::uint64_t round = 0; round < load.tasks; ++round) {
    NoopCheck check(one);
    const Instant begun = base::monotonic_now();
    const auto job = run_job(session, one, check);
    if (!job) return job.error();
    const Duration elapsed = base::monotonic_now() - begun;
    figures.elapsed += elapsed;
    figures.checksum += check.checksum();
    micros.push_back(static_cast<double>(elapsed.count()) / 1e3);
    jobs.push_back(*job);
  }
  const auto after = usage_of(broker);
  if (!after) return after.error();
  if (figures.checksum != load.tasks * expected_checksum(one)) return wrong_checksum();
  for (const JobId job : jobs)
    if (const auto forgotten = forget(session, job); !forgotten) return forgotten.error();
  std::sort(micros.begin(), micros.end());
  figures.p50_us = micros[micros.size() / 2];
  figures.p99_us = micros[micros.size() * 99 / 100];
  figures.broker_cpu_ns_per_task = per_task(cpu_ns(*before, *after), load.tasks);
  figures.broker_bytes_per_task = per_task(growth(before->resident_bytes, after->resident_bytes), load.tasks);
  return figures;
}

Result<Figures> memory(client::Session& session, const Load& load, pid_t broker) {
  const auto before = usage_of(broker);
  if (!before) return before.error();
  const Instant begun = base::monotonic_now();
  const auto submitted = session.submit(noop_spec(load), noop_source(load));
  if (!submitted) return submitted.error();
  const Duration elapsed = base::monotonic_now() - begun;
  const auto after = usage_of(broker);
  if (!after) return after.error();
  const auto cancelled = session.ask(Verb::cancel, to_string(submitted->job));
  if (!cancelled) return cancelled.error();
  if (const auto forgotten = forget(session, submitted->job); !forgotten) return forgotten.error();
  return Figures{.tasks = load.tasks,
                 .elapsed = elapsed,
                 .broker_cpu_ns_per_task = per_task(cpu_ns(*before, *after), load.tasks),
                 .broker_bytes_per_task = per_task(growth(before->resident_bytes, after->resident_bytes), load.tasks)};
}

}  // namespace brigade::bench
