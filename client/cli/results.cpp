// `brigade results`: what a job's tasks answered.
#include <memory>
#include <string>
#include <vector>

#include "client/cli/commands.h"
#include "client/cli/follow.h"
#include "client/output/body_folder.h"
#include "client/output/summary.h"

namespace brigade::cli {
namespace {

struct ResultsOptions {
  std::vector<std::string> jobs;
  std::optional<std::uint64_t> from;
  bool follow = false, failed = false;
  std::string order = "input", save;
};

class Reading {
 public:
  Reading(Context& context, const ResultsOptions& options)
      : context_(context),
        options_(options),
        interrupts_(context.signals()),
        sink_(output::Sink::standard_output(context.signals().fd())),
        progress_(options.follow ? context.progress() : output::ProgressStyle::none, context.terminal()) {}

  ExitCode go() {
    if (!options_.save.empty()) {
      auto folder = output::BodyFolder::open(options_.save);
      if (!folder) return context_.fail(folder.error());
      bodies_ = *std::move(folder);
    }
    auto session = connect(context_);
    if (!session) return context_.fail(session.error());
    session_ = *std::move(session);
    auto answer = session_->ask(Verb::show_job, options_.jobs.front());
    if (!answer) return context_.fail(answer.error());
    if (answer->jobs.empty() || answer->specs.empty())
      return context_.fail(kUsage, "there is no such job; see: brigade jobs");
    job_ = answer->jobs.front();
    spec_ = answer->specs.front();
    return read();
  }

 private:
  ExitCode read() {
    view_ = output::view_of(job_.id, spec_);
    view_.show_body = !bodies_.has_value();
    output::WriterOptions writing{.format = context_.format(),
                                  .tasks = job_.tasks,
                                  .width = context_.table_width(),
                                  .save_body = {},
                                  .skip_cancelled = false};
    if (bodies_) {
      writing.save_body = [this](std::uint64_t index, std::string_view body) { return bodies_->save(index, body); };
    }
    writer_.emplace(view_, sink_, std::move(writing));
    FollowOptions following;
    following.job = job_.id;
    following.read = {.order = options_.order == "input" ? Order::input : Order::completion,
                      .from = options_.from.value_or(0),
                      .failed_only = options_.failed,
                      .with_arguments = !spec_.range,
                      .follow = options_.follow};
    following.writer = &*writer_;
    Follower follower(*session_, interrupts_, sink_, progress_);
    const FollowOutcome outcome = follower.follow(following);
    progress_.hide();
    return conclude(outcome, follower.cursor());
  }

  ExitCode conclude(const FollowOutcome& outcome, std::uint64_t cursor) {
    switch (outcome.how) {
      case Followed::ended:
        return finish(cursor);
      case Followed::closed_pipe:
        return kClosedPipe;
      case Followed::interrupted:
        context_.note("detached. To go on:\n  " + again(cursor));
        return kInterrupted;
      default:
        break;
    }
    const ExitCode code = context_.fail(outcome.error);
    context_.note("To go on:\n  " + again(cursor));
    return code;
  }

  ExitCode finish(std::uint64_t cursor) {
    auto job = show_job(*session_, to_string(job_.id));
    const JobSummary& last = job ? *job : job_;
    auto written = writer_->finish(output::summary_json(last));
    if (!written) return sink_.closed() ? kClosedPipe : context_.fail(written.error());
    const bool over = last.state == JobState::done || last.state == JobState::cancelled;
    if (!over) {
      context_.note(std::to_string(last.finished()) + " of " + std::to_string(last.tasks) +
                    " tasks are done. What comes later:\n  " + again(cursor));
    }
    return options_.follow ? exit_code_of(last) : kOk;
  }

  std::string again(std::uint64_t cursor) const {
    return "brigade results " + to_string(job_.id) + " --order " + options_.order + " --from " +
           std::to_string(cursor) + " --follow" + (options_.failed ? " --failed" : "");
  }

  Context& context_;
  const ResultsOptions& options_;
  Interrupts interrupts_;
  output::Sink sink_;
  output::Progress progress_;
  std::optional<output::BodyFolder> bodies_;
  std::unique_ptr<client::Session> session_;
  JobSummary job_;
  JobSpec spec_;
  output::JobView view_;
  std::optional<output::ResultWriter> writer_;
};

}  // namespace

void declare_results(Declare& root) {
  auto options = std::make_shared<ResultsOptions>();
  Declare command = root.command(
      "results", "Print the results of a job: those that are there, or with --follow all as they come",
      [options](Context& context) {
        if (options->jobs.size() != 1) return context.fail(kUsage, "results: name one job: an id, a name, or 'last'");
        return Reading(context, *options).go();
      },
      "RESULTS_");
  command.words("JOB", "An id, the unique beginning of one, a name, or 'last'", options->jobs);
  command.number({"--from", "Go on at this cursor, as an earlier reader has printed it", "0", "CURSOR"}, options->from,
                 0, UINT64_MAX);
  command.flag({"--follow", "Wait for results until the job is over; the exit code says how it ended"},
               options->follow);
  command.flag({"--failed", "Only the tasks that failed"}, options->failed);
  command.choice({"--order", "In the order of the input, or as they completed"}, options->order,
                 {"completion", "input"});
  command.text({"--save", "Save bodies (of fetch with --body) in this folder", "", "DIR"}, options->save);
  command.examples("  brigade results last -o csv > results.csv\n  brigade results last --follow | jq .result\n");
}

}  // namespace brigade::cli
