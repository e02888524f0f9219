// `brigade wait`: until jobs are over.
#include <memory>
#include <string>
#include <vector>

#include "client/cli/commands.h"
#include "client/cli/follow.h"
#include "client/cli/survey.h"
#include "client/output/summary.h"

namespace brigade::cli {
namespace {

struct WaitOptions {
  std::vector<std::string> jobs;
  std::optional<Duration> timeout;
};

bool is_final(const JobSummary& job) {
  return job.state == JobState::done || job.state == JobState::cancelled;
}

/// Waits for one job; its exit code.
class Waiter {
 public:
  Waiter(Context& context, client::Session& session)
      : context_(context),
        session_(session),
        interrupts_(context.signals()),
        sink_(output::Sink::standard_output(context.signals().fd())),
        progress_(context.progress(), context.terminal()) {}

  /// Of the jobs that are over.
  const std::vector<JobSummary>& summaries() const { return summaries_; }

  ExitCode wait(const JobSummary& job, Duration limit) {
    if (!is_final(job)) {
      if (const auto found = ask_suitability(session_, job.kind)) {
        if (auto able = check_suitable(*found, job.kind, {}); !able) {
          const std::string id = to_string(job.id);
          return context_.fail(kNeverRuns,
                               "job " + id + " can never run: " + able.error().message + " and brigade why " + id);
        }
      }
    }
    Follower follower(session_, interrupts_, sink_, progress_);
    FollowOptions following{.job = job.id, .read = {}, .writer = nullptr, .limit = limit};
    const FollowOutcome outcome = follower.follow(following);
    progress_.hide();
    switch (outcome.how) {
      case Followed::ended:
        return conclude(follower.last_seen().value_or(job));
      case Followed::timed_out:
        return timed_out(follower.last_seen().value_or(job));
      case Followed::interrupted:
        context_.note("detached: job " + to_string(job.id) + " goes on. To wait again: brigade wait " +
                      to_string(job.id));
        return kInterrupted;
      default:
        return context_.fail(outcome.error);
    }
  }

 private:
  ExitCode conclude(const JobSummary& job) {
    context_.report(job, job.elapsed);
    summaries_.push_back(job);
    return exit_code_of(job);
  }

  ExitCode timed_out(const JobSummary& job) {
    return context_.fail(
        kTimedOut, "the time is over and job " + to_string(job.id) + " still runs: " + std::to_string(job.finished()) +
                       " of " + std::to_string(job.tasks) + " tasks are done. See: brigade why " + to_string(job.id));
  }

  Context& context_;
  client::Session& session_;
  Interrupts interrupts_;
  output::Sink sink_;
  output::Progress progress_;
  std::vector<JobSummary> summaries_;
};

/// With -o json or ndjson the summaries are data; else they were said on stderr.
ExitCode print_summaries(const Context& context, const std::vector<JobSummary>& jobs, ExitCode code) {
  if (context.globals.output != "json" && context.globals.output != "ndjson") return code;
  std::string text;
  for (const JobSummary& job : jobs) text += output::summary_json(job) + "\n";
  const ExitCode printed = context.print(text);
  return printed == kOk ? code : printed;
}

ExitCode wait_for(Context& context, const WaitOptions& options) {
  if (options.jobs.empty()) return context.fail(kUsage, "wait: name at least one job: an id, a name, or 'last'");
  auto session = connect(context);
  if (!session) return context.fail(session.error());
  std::vector<JobSummary> jobs;
  for (const std::string& name : options.jobs) {
    auto job = show_job(**session, name);
    if (!job) return context.fail(job.error());
    jobs.push_back(*job);
  }
  const Duration limit = options.timeout.value_or(Duration(0));
  const Instant begun = base::monotonic_now();
  Waiter waiter(context, **session);
  ExitCode worst = kOk;
  for (const JobSummary& job : jobs) {
    const Duration left = limit - (base::monotonic_now() - begun);
    const ExitCode code = waiter.wait(job, limit.count() == 0 ? limit : std::max(left, Duration(1)));
    if (code == kInterrupted || code == kNoBroker || code == kNotAuthorised || code == kUsage) return code;
    worst = worse(worst, code);
  }
  return print_summaries(context, waiter.summaries(), worst);
}

}  // namespace

void declare_wait(Declare& root) {
  auto options = std::make_shared<WaitOptions>();
  Declare command = root.command(
      "wait", "Wait until jobs are over; the exit code says how they ended",
      [options](Context& context) { return wait_for(context, *options); }, "WAIT_");
  command.words("JOB", "Ids, unique beginnings of ids, names, or 'last'", options->jobs);
  command.duration({"--timeout", "Stop waiting after this time, with exit code 5; the jobs go on", "none"},
                   options->timeout);
  command.examples("  brigade wait last --timeout 10m\n");
}

}  // namespace brigade::cli
