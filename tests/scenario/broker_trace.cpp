#include "tests/scenario/broker_trace.h"

#include <algorithm>

namespace brigade::scenario {
namespace {

using namespace broker;

std::string join(const std::vector<std::string>& words) {
  std::string text;
  for (const std::string& word : words)
    if (!word.empty()) text += (text.empty() ? "" : " ") + word;
  return text;
}

/// ` key=value`, nothing for 0.
std::string unless_zero(const std::string& key, std::uint64_t value) {
  return value == 0 ? "" : key + "=" + std::to_string(value);
}

std::string quoted(const std::string& text) {
  return text.empty() ? "" : "\"" + text + "\"";
}

class Tracer {
 public:
  explicit Tracer(BrokerNames& names) : names_(names) {}

  std::vector<std::string> all(const Commands& commands) {
    for (const Command& command : commands) std::visit([&](const auto& c) { show_command(c); }, command);
    flush_pings();
    for (std::string& line : lines_) name_ids(line);
    return std::move(lines_);
  }

 private:
  void line(std::vector<std::string> words) {
    flush_pings();
    lines_.push_back(join(words));
  }

  /// Pings that follow one another are one line: their order is the hash table's.
  void flush_pings() {
    if (pinged_.empty()) return;
    std::ranges::sort(pinged_);
    lines_.push_back("ping " + join(std::exchange(pinged_, {})));
  }

  /// Texts for people have whole ids in them.
  void name_ids(std::string& text) {
    for (const auto& [name, id] : names_.jobs.all())
      for (std::size_t at; (at = text.find(to_string(id))) != std::string::npos;)
        text.replace(at, to_string(id).size(), name);
  }

  template <class Id>
  std::string name(Id id) {
    return names_.name(id);
  }

  void show_command(const Send& c) {
    if (std::holds_alternative<Ping>(c.message))
      pinged_.push_back(name(c.to));
    else
      std::visit([&](const auto& message) { say(name(c.to), message); }, c.message);
  }

  void show_command(const SendLease& c) {
    const Lease& lease = c.lease;
    const JobSpec& spec = names_.specs[lease.job];
    names_.lease_jobs[lease.id] = lease.job;
    const JobBrief brief{
        spec.kind, spec.options, spec.mode, spec.task_timeout, spec.range, spec.limits, spec.ceilings.per_worker};
    line({name(c.to), "lease", name(lease.id), name(lease.job), show(lease.run),
          lease.attempt == 1 ? "" : "attempt=" + std::to_string(lease.attempt),
          lease.last_attempt ? "" : "may be tried again", lease.brief == brief ? "" : "WITH ANOTHER BRIEF"});
  }

  void show_command(const SendPage& c) {
    line({name(c.to), "page", "r" + std::to_string(c.reader.value), name(c.job),
          c.order == Order::input ? "input" : "completion", "from=" + std::to_string(c.from),
          "end=" + std::to_string(c.end), "bytes=" + std::to_string(c.bytes_max), c.failed_only ? "failed only" : "",
          c.with_arguments ? "with arguments" : "", c.last ? "last" : ""});
  }

  void show_command(const Append& c) {
    const std::string store = "store #" + std::to_string(c.sequence.value);
    std::visit([&](const auto& write) { show_write(store, write); }, c.write);
  }

  // ---- What is stored

  void show_write(const std::string& store, const JobOpened& w) {
    names_.specs[w.job] = w.spec;
    line({store, "opened", name(w.job), "by", quoted(w.client)});
  }
  void show_write(const std::string& store, const ChunkArrived& w) {
    line({store, "chunk", name(w.job), "#" + std::to_string(w.sequence), show(w.run)});
  }
  void show_write(const std::string& store, const JobSealed& w) {
    line({store, "sealed", name(w.job), std::to_string(w.tasks), "tasks"});
  }
  void show_write(const std::string& store, const BlockAppended& w) {
    line({store, "block", name(w.job), "row", std::to_string(w.position) + ":", rows(w.outcomes),
          w.origin.worker.empty() ? "" : "by " + w.origin.worker,
          w.origin.attempts == 1 ? "" : "attempts=" + std::to_string(w.origin.attempts),
          w.origin.worker.empty() ? first_message(w.outcomes) : ""});
  }
  void show_write(const std::string& store, const AttemptsCounted& w) {
    line({store, "past", name(w.job), show(w.run), unless_zero("attempts", w.trial.attempts),
          unless_zero("failures", w.trial.failures), unless_zero("losses", w.trial.losses),
          unless_zero("kills", w.trial.kills), unless_zero("grain", w.trial.grain),
          w.lost_worker.empty() ? "" : "lost=" + w.lost_worker});
  }
  void show_write(const std::string& store, const JobFinished& w) { line({store, "finished", show_job(w.summary)}); }
  void show_write(const std::string& store, const JobForgotten& w) { line({store, "forgotten", name(w.job)}); }

  static std::string rows(const Outcomes& outcomes) {
    std::string text;
    std::size_t row = 0;
    for (const Run& run : outcomes.runs) {
      for (std::uint64_t index = run.first; index < run.end();) {
        const TaskStatus status = outcomes.status[row];
        Run same{index, 0};
        for (; index < run.end() && outcomes.status[row] == status; ++index, ++row) ++same.count;
        text += (text.empty() ? "" : ", ") + show(same) + " " + std::string(name_of(status));
      }
    }
    return text;
  }

  static std::string first_message(const Outcomes& outcomes) {
    return outcomes.values.blob.empty() ? "" : quoted(std::string(ValuesReader(outcomes.values).next()));
  }

  std::string show_job(const JobSummary& job) {
    std::string endings;
    for (std::size_t status = 0; status < kTaskStatuses; ++status) {
      const auto one = unless_zero(std::string(name_of(static_cast<TaskStatus>(status))), job.by_status[status]);
      if (!one.empty()) endings += (endings.empty() ? "" : " ") + one;
    }
    return join({name(job.id), std::string(name_of(job.state)), endings, unless_zero("running", job.running),
                 unless_zero("delayed", job.delayed), "of", std::to_string(job.tasks)});
  }

  // ---- What is said

  void say(const std::string& to, const Welcome& m) {
    line({to, "welcome epoch=" + std::to_string(m.epoch), unless_zero("credit", m.upload_credit_bytes)});
  }
  void say(const std::string& to, const Refused& m) { line({to, "refused", show(m.error)}); }
  void say(const std::string& to, const Reclaim& m) { line({to, "reclaim", name(m.lease)}); }
  void say(const std::string& to, const Abort& m) { line({to, "abort", name(m.job)}); }
  void say(const std::string& to, const Grant& m) {
    line({to, "grant", name(m.job), std::string(1, static_cast<char>(m.target.value)), std::to_string(m.count),
          m.first == m.sent ? "" : "in=" + show(m.first - m.sent),
          m.spacing == Duration{} ? "" : "spacing=" + show(m.spacing)});
  }
  void say(const std::string& to, const BlockStored& m) { line({to, "stored block", std::to_string(m.sequence)}); }
  void say(const std::string& to, const Drain&) { line({to, "drain"}); }
  void say(const std::string& to, const Opened& m) {
    line({to, "opened", name(m.job), "next=" + std::to_string(m.next_chunk), m.sealed ? "sealed" : ""});
  }
  void say(const std::string& to, const ChunkStored& m) {
    line({to, "stored", name(m.job), "#" + std::to_string(m.sequence)});
  }
  void say(const std::string& to, const Sealed& m) {
    line({to, "sealed", name(m.job), m.existed ? "existed" : "", quoted(m.warning)});
  }
  void say(const std::string& to, const SubmitRejected& m) {
    line({to, "rejected", m.job ? name(m.job) : "open", show(m.error)});
  }
  void say(const std::string& to, const ReadEnded& m) {
    line({to, "ended", "r" + std::to_string(m.reader.value), "next=" + std::to_string(m.next)});
  }
  void say(const std::string& to, const ReadRejected& m) {
    line({to, "read rejected", m.reader ? "r" + std::to_string(m.reader.value) : "watch", name(m.job), show(m.error)});
  }
  void say(const std::string& to, const JobChanged& m) { line({to, "changed", show_job(m.job)}); }
  void say(const std::string& to, const Answer& m) {
    line({to, "answer", m.last ? "" : "and more", m.error ? show(*m.error) : ""});
    for (const JobSummary& job : m.jobs) line({". job", show_job(job)});
    for (const JobSpec& spec : m.specs) line({". spec of kind", spec.kind});
    for (const WorkerSummary& worker : m.workers)
      line({". worker", worker.name, unless_zero("leases", worker.leases), unless_zero("tasks", worker.leased_tasks),
            unless_zero("finished", worker.finished_tasks), worker.draining ? "draining" : ""});
    if (m.status)
      line({". status", unless_zero("jobs", m.status->jobs), unless_zero("unfinished", m.status->jobs_unfinished),
            unless_zero("waiting", m.status->tasks_waiting), unless_zero("running", m.status->tasks_running),
            unless_zero("delayed", m.status->tasks_delayed), unless_zero("workers", m.status->workers),
            unless_zero("clients", m.status->clients), unless_zero("malformed", m.status->malformed_messages),
            unless_zero("stale", m.status->stale_messages), unless_zero("state_max", m.status->state_bytes_max),
            quoted(m.status->trouble)});
    for (const std::string& reason : m.reasons) line({".", reason});
  }
  template <class Other>
  void say(const std::string& to, const Other&) {
    line({to, "a message that brokers do not send"});
  }

  BrokerNames& names_;
  std::vector<std::string> lines_;
  std::vector<std::string> pinged_;
};

}  // namespace

std::vector<std::string> trace(const broker::Commands& commands, BrokerNames& names) {
  return Tracer(names).all(commands);
}

}  // namespace brigade::scenario
