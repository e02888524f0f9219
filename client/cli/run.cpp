#include "client/cli/run.h"

#include <signal.h>
#include <unistd.h>

#include <chrono>

#include "client/cli/follow.h"
#include "client/cli/resume.h"
#include "client/cli/run_report.h"
#include "client/cli/split.h"
#include "client/cli/survey.h"
#include "client/cluster/private_cluster.h"
#include "client/output/body_folder.h"
#include "client/output/summary.h"
#include "proto/base/text.h"

namespace brigade::cli {
namespace {

constexpr Duration kSecondSignal = std::chrono::seconds(2);

/// One `brigade run` from its checked arguments to its exit code. What ends it early is an exit code in `ended_`.
class Run {
 public:
  Run(Context& context, const RunOptions& options, JobRequest request)
      : context_(context),
        options_(options),
        request_(std::move(request)),
        interrupts_(context.signals()),
        sink_(output::Sink::standard_output(context.signals().fd())),
        progress_(context.progress(), context.terminal()) {}

  ExitCode go() {
    const bool ready = prepare_output() && prepare_resume() && find_cluster() && check_workers() && compute_parts() &&
                       (parts_failed_ || submit());
    if (!ready) {
      sink_.discard();
      return ended_;
    }
    return follow();
  }

 private:
  bool end(ExitCode code) {
    ended_ = code;
    return false;
  }
  bool end(const Error& error) { return end(context_.fail(error)); }

  bool prepare_output();
  bool prepare_resume();
  bool have_all();
  bool find_cluster();
  bool start_private_cluster();
  bool check_workers();
  bool compute_parts();
  bool take_parts(const FollowOutcome& outcome, PartCollector& parts);
  void forget_parts();
  bool submit();
  bool submit_job(TaskSource source);
  client::ReadOptions read_options() const;
  bool prints_results() const { return format() != output::Format::quiet || bodies_; }
  ExitCode follow();
  ExitCode conclude(const FollowOutcome& outcome);
  ExitCode finish();
  ExitCode on_signal(int signal);
  ExitCode cancel_private(Follower& follower, FollowOptions& following);
  ExitCode detach(int signal);
  ExitCode output_failed(const Error& error);
  bool write_report(const JobSummary& job);
  std::string reattach() const;
  void request_cancel();
  output::Format format() const;

  Context& context_;
  const RunOptions& options_;
  JobRequest request_;
  Interrupts interrupts_;
  output::Sink sink_;
  output::Progress progress_;
  std::optional<output::BodyFolder> bodies_;
  std::optional<EarlierResults> earlier_;
  std::unique_ptr<cluster::PrivateCluster> cluster_;
  std::unique_ptr<client::Session> session_;
  JobId job_;
  Instant begun_{};
  Instant followed_until_{};
  output::JobView view_;
  std::optional<output::ResultWriter> writer_;
  std::optional<Follower> follower_;
  std::optional<RunReport> report_;
  std::optional<JobId> parts_job_;  ///< of a split factorial
  bool parts_failed_ = false;       ///< then it is what is shown
  FollowOptions following_;
  ExitCode ended_ = kOk;
};

output::Format Run::format() const {
  const bool to_file = !options_.out.empty() && context_.globals.output.empty();
  return to_file ? output::Format::ndjson : context_.format();
}

bool Run::prepare_output() {
  if (options_.resume && options_.out.empty()) return end(context_.fail(kUsage, "--resume goes with --out FILE"));
  if (options_.resume && format() != output::Format::ndjson) {
    return end(context_.fail(kUsage, "--resume goes on with NDJSON only; leave out -o, or use -o ndjson"));
  }
  if (request_.split && (options_.resume || !options_.report.empty())) {
    return end(context_.fail(kUsage, "--split goes with neither --resume nor --report: it is one result of two jobs"));
  }
  if (!request_.save_folder.empty()) {
    auto folder = output::BodyFolder::open(request_.save_folder);
    if (!folder) return end(folder.error());
    bodies_ = *std::move(folder);
  }
  if (!options_.report.empty()) {
    auto report = RunReport::open(options_.report);
    if (!report) return end(report.error());
    report_ = *std::move(report);
  }
  if (options_.out.empty()) return true;
  if (options_.resume) {
    auto earlier = EarlierResults::open(options_.out, request_.spec.kind);
    if (!earlier) return end(earlier.error());
    earlier_ = *std::move(earlier);
  }
  auto file = output::Sink::file(options_.out, context_.signals().fd());
  if (!file) return end(file.error());
  sink_ = *std::move(file);
  return true;
}

bool Run::prepare_resume() {
  if (!earlier_ || earlier_->empty()) return true;
  request_.spec.range.reset();
  request_.spec.trend = CostTrend::flat;
  request_.source = earlier_->missing(std::move(request_.source));
  auto first = request_.source();
  if (!first) return end(first.error());
  if (!*first) return have_all();
  request_.source = preceded_by(**std::move(first), std::move(request_.source));
  context_.note("resuming: " + std::to_string(earlier_->count()) + " results are there already");
  return true;
}

/// No task is missing. What an interrupted run has left beside the file still has to become part of it.
bool Run::have_all() {
  if (earlier_->has_partial_files()) {
    std::string lines;
    auto written = earlier_->append_until(UINT64_MAX, lines);
    if (written) written = sink_.write(lines);
    if (written) written = sink_.commit();
    if (!written) return end(written.error());
    earlier_->forget_partial_files();
  }
  context_.note(options_.out + " has all " + std::to_string(earlier_->count()) + " results; nothing is run");
  return end(kOk);
}

bool Run::start_private_cluster() {
  const bool processes = request_.spec.mode == Mode::processes;
  const unsigned workers = options_.workers ? static_cast<unsigned>(*options_.workers)
                           : processes      ? base::usable_cores()
                                            : 1;
  const unsigned threads = options_.threads ? static_cast<unsigned>(*options_.threads) : processes ? 1 : 0;
  auto cluster =
      cluster::PrivateCluster::start({.workers = workers,
                                      .threads = threads,
                                      .io_concurrency = static_cast<unsigned>(options_.io_concurrency.value_or(0)),
                                      .fetch_cache = options_.fetch_cache,
                                      .fetch_cache_size = options_.fetch_cache_size,
                                      .timeout = context_.connect_timeout(),
                                      .interrupt_fd = context_.signals().fd()});
  if (!cluster) return end(cluster.error());
  cluster_ = *std::move(cluster);
  interrupts_.watch(*cluster_);
  return true;
}

bool Run::find_cluster() {
  std::string endpoint;
  if (!options_.private_cluster) {
    auto found = find_broker(context_);
    if (!found) return end(found.error());
    endpoint = found->value_or("");
  }
  const bool shared = !endpoint.empty();
  if (shared && (options_.workers || options_.threads || options_.io_concurrency || !options_.fetch_cache.empty())) {
    context_.warn("using the cluster at " + endpoint +
                  ", which has workers of its own: --workers, --threads, "
                  "--io-concurrency and --fetch-cache count only with --private");
  }
  if (!shared && !start_private_cluster()) return false;
  if (!shared) endpoint = cluster_->endpoint();
  auto session = connect_to(context_, endpoint, context_.signals().fd());
  if (!session) return end(session.error());
  session_ = *std::move(session);
  session_->set_interrupt_fd(interrupts_.fd());
  return true;
}

bool Run::check_workers() {
  const std::string& kind = request_.spec.kind;
  auto found = await_workers(*session_, interrupts_, kind, 1, context_.connect_timeout());
  if (!found) return end(found.error());
  if (auto suitable = check_suitable(*found, kind, request_.largest); !suitable) return end(suitable.error());
  if (!request_.largest) request_.source = suitable_only(std::move(request_.source), *found, kind);
  return true;
}

/// The first job of a split factorial. Its results become the task of the second one, which is submitted next.
bool Run::compute_parts() {
  if (!request_.split) return true;
  begun_ = base::monotonic_now();
  JobSpec merge = std::exchange(request_.spec, parts_spec(request_.spec));
  if (!submit_job({})) return false;
  parts_job_ = job_;
  PartCollector parts;
  FollowOptions following{.job = job_, .read = read_options()};
  following.observe = [&parts](const Results& page) { parts.add(page); };
  follower_.emplace(*session_, interrupts_, sink_, progress_);
  const FollowOutcome outcome = follower_->follow(following);
  progress_.hide();
  if (!take_parts(outcome, parts)) return false;
  if (!parts_failed_) request_.spec = std::move(merge);
  return true;
}

bool Run::take_parts(const FollowOutcome& outcome, PartCollector& parts) {
  if (outcome.how == Followed::interrupted) {
    request_cancel();
    forget_parts();
    return end(context_.fail(kInterrupted, "interrupted: the parts are cancelled, and nothing is merged"));
  }
  if (outcome.how != Followed::ended) return end(outcome.error);
  const std::uint64_t count = request_.spec.range->count;
  std::optional<std::string> argument = parts.argument(count);
  parts_failed_ = !argument;
  if (parts_failed_) return true;
  context_.note(base::format_count(count) + " parts in " + base::format_duration(base::monotonic_now() - begun_) +
                "; now they are merged");
  TaskInput task{.argument = *std::move(argument), .number = 0, .label = {}};
  request_.source = preceded_by(std::move(task), repeated({}, 1));
  return true;
}

bool Run::submit() {
  if (report_) report_->begin(request_.tasks.value_or(0));
  if (!parts_job_) begun_ = base::monotonic_now();
  if (!submit_job(std::move(request_.source))) return false;
  if (report_) report_->accepted();
  forget_parts();
  return true;
}

/// Nobody needs them any more. A private cluster forgets everything soon.
void Run::forget_parts() {
  if (parts_job_ && !cluster_) (void)session_->ask(Verb::forget, to_string(*parts_job_));
}

bool Run::submit_job(TaskSource source) {
  // A worker that dies now is replaced later; an upload is not interrupted for it.
  session_->set_interrupt_fd(context_.signals().fd());
  std::optional<client::ReadOptions> read_next;
  if (prints_results() || report_) read_next = read_options();
  auto submitted = session_->submit(request_.spec, chunks_of(std::move(source)), read_next);
  session_->set_interrupt_fd(interrupts_.fd());
  if (!submitted) {
    if (submitted.error().code == ErrorCode::cancelled) {
      return end(context_.fail(kInterrupted, "interrupted while the tasks were uploaded; nothing was submitted"));
    }
    if (auto tended = interrupts_.tend(); !tended) return end(tended.error());
    return end(submitted.error());
  }
  job_ = submitted->job;
  if (!cluster_ && !submitted->warning.empty()) context_.warn(submitted->warning);
  return true;
}

client::ReadOptions Run::read_options() const {
  return {.order = options_.order == "input" || request_.split ? Order::input : Order::completion,
          .failed_only = parts_failed_,
          .with_arguments = !request_.spec.range && !request_.split};
}

ExitCode Run::follow() {
  view_ = output::view_of(job_, request_.spec);
  view_.show_body = request_.show_body;
  const output::Format chosen = format();
  if (prints_results()) {
    output::WriterOptions writing{.format = chosen,
                                  .tasks = request_.tasks.value_or(0),
                                  .width = sink_.is_file() ? 0 : context_.table_width(),
                                  .save_body = {},
                                  .skip_cancelled = parts_failed_};
    if (bodies_) {
      writing.save_body = [this](std::uint64_t index, std::string_view body) { return bodies_->save(index, body); };
    }
    writer_.emplace(view_, sink_, std::move(writing));
  }
  following_.read = read_options();
  const bool by_input = following_.read.order == Order::input;
  if (earlier_ && writer_) {
    writer_->before_row = [this, by_input](std::uint64_t index, std::string& out) {
      return earlier_->append_until(by_input ? index : UINT64_MAX, out);
    };
  }
  following_.job = job_;
  following_.writer = writer_ ? &*writer_ : nullptr;
  if (report_) following_.observe = [this](const Results& page) { report_->add(page); };
  follower_.emplace(*session_, interrupts_, sink_, progress_);
  return conclude(follower_->follow(following_));
}

ExitCode Run::conclude(const FollowOutcome& outcome) {
  followed_until_ = base::monotonic_now();
  progress_.hide();
  switch (outcome.how) {
    case Followed::ended:
      return finish();
    case Followed::interrupted:
      return on_signal(outcome.signal.value_or(SIGINT));
    case Followed::closed_pipe:
      if (cluster_) request_cancel();
      return kClosedPipe;
    case Followed::output:
      return output_failed(outcome.error);
    case Followed::timed_out:
    case Followed::failed:
      break;
  }
  const ExitCode code = context_.fail(outcome.error);
  if (!cluster_) context_.note("The job is " + to_string(job_) + ". To go on:\n  " + reattach());
  return code;
}

ExitCode Run::finish() {
  auto job = show_job(*session_, to_string(job_));
  if (!job && follower_->last_seen()) job = *follower_->last_seen();
  if (!job) return context_.fail(job.error());
  Result<void> written;
  if (earlier_) {
    std::string rest;
    written = earlier_->append_until(UINT64_MAX, rest);
    if (written) written = sink_.write(rest);
  }
  if (written && writer_) written = writer_->finish(output::summary_json(*job, followed_until_ - begun_));
  if (written) written = sink_.commit();
  if (!written) return sink_.closed() ? kClosedPipe : output_failed(written.error());
  if (earlier_) earlier_->forget_partial_files();
  context_.report(*job, followed_until_ - begun_);
  if (report_ && !write_report(*job)) return ended_;
  return exit_code_of(*job);
}

bool Run::write_report(const JobSummary& job) {
  auto answer = session_->ask(Verb::list_workers, "");
  if (!answer) return end(answer.error());
  if (auto written = report_->write(job, answer->workers, followed_until_ - begun_); !written)
    return end(written.error());
  context_.note("report: " + options_.report);
  return true;
}

std::string Run::reattach() const {
  const std::uint64_t cursor = follower_ ? follower_->cursor() : 0;
  std::string command = "brigade results " + to_string(job_) + " --follow --order " + options_.order;
  if (cursor > 0) command += " --from " + std::to_string(cursor);
  if (!context_.globals.broker.empty()) command += " --broker " + context_.globals.broker;
  return command;
}

void Run::request_cancel() {
  session_->set_interrupt_fd(context_.signals().fd());
  auto cancelled = session_->ask(Verb::cancel, to_string(job_));
  if (!cancelled && cancelled.error().code != ErrorCode::cancelled) context_.fail(cancelled.error());
}

ExitCode Run::on_signal(int signal) {
  return cluster_ ? cancel_private(*follower_, following_) : detach(signal);
}

/// What is done is printed, then the cluster goes. A second signal skips the printing.
ExitCode Run::cancel_private(Follower& follower, FollowOptions& following) {
  context_.note("interrupted: the rest is cancelled; what is done follows");
  request_cancel();
  if (writer_) writer_->skip_cancelled();
  const FollowOutcome outcome = follower.follow(following);
  followed_until_ = base::monotonic_now();
  progress_.hide();
  if (outcome.how != Followed::ended) return kInterrupted;
  auto job = show_job(*session_, to_string(job_));
  if (job && writer_ && !writer_->finish(output::summary_json(*job, followed_until_ - begun_))) return kInterrupted;
  if (job) context_.report(*job, followed_until_ - begun_);
  if (sink_.is_file()) {
    context_.note("what is done is in " + sink_.partial_path().string() +
                  (format() == output::Format::ndjson ? "; go on with the same command and --resume" : ""));
  }
  return kInterrupted;
}

ExitCode Run::detach(int signal) {
  context_.note("detached: job " + to_string(job_) + " goes on. To see its results:\n  " + reattach());
  if (sink_.is_file()) context_.note("what came so far is in " + sink_.partial_path().string());
  if (signal != SIGINT) return kInterrupted;
  context_.note("Ctrl-C again within 2 s cancels the job");
  if (!second_signal(context_.signals(), kSecondSignal)) return kInterrupted;
  request_cancel();
  context_.note("job " + to_string(job_) + " is cancelled");
  return kInterrupted;
}

ExitCode Run::output_failed(const Error& error) {
  const ExitCode code = context_.fail(error);
  if (sink_.is_file()) sink_.discard();
  if (cluster_) {
    request_cancel();
  } else {
    context_.note("job " + to_string(job_) + " goes on. To see its results:\n  " + reattach());
  }
  return code;
}

}  // namespace

ExitCode run_job(Context& context, const RunOptions& options, JobRequest request) {
  return Run(context, options, std::move(request)).go();
}

}  // namespace brigade::cli
