// `brigade retry JOB --failed`: a new job of what failed.
#include <memory>

#include "client/cli/commands.h"
#include "client/cli/interrupts.h"
#include "client/cli/listing.h"
#include "client/cli/spool.h"

namespace brigade::cli {
namespace {

struct RetryOptions {
  std::vector<std::string> jobs;
  bool failed = false, cancelled = false;
  std::string name;
};

/// Reads the tasks of `job` that are to run again.
Result<std::shared_ptr<Spool>> collect(client::Session& session, JobId job, const JobSpec& spec,
                                       const RetryOptions& options) {
  auto spool = Spool::create();
  if (!spool) return spool;
  const output::JobView view = output::view_of(job, spec);
  const client::ReadOptions read{
      .order = Order::input, .from = 0, .failed_only = !options.cancelled, .with_arguments = true, .follow = false};
  const auto take = [&](const Results& page) -> Result<void> {
    output::RowReader reader(view, page);
    while (const output::Row* row = reader.next()) {
      const bool wanted =
          is_cancellation(row->status) ? options.cancelled : options.failed && row->status != TaskStatus::ok;
      if (!wanted) continue;
      const wire::Label label{.line = row->line, .tag = std::string(row->tag), .index = row->index};
      const std::string argument = spec.range ? wire::encode_number(row->number) : std::string(row->argument);
      if (auto added = (*spool)->add(argument, label); !added) return added;
    }
    return {};
  };
  auto end = session.read(job, read, take, [](const JobSummary&) {});
  if (!end) return end.error();
  return spool;
}

ExitCode retry(Context& context, const RetryOptions& options) {
  if (options.jobs.size() != 1) return context.fail(kUsage, "retry: name one job: an id, a name, or 'last'");
  if (!options.failed && !options.cancelled) {
    return context.fail(kUsage, "retry: say what to retry: --failed, --cancelled, or both");
  }
  auto session = connect(context);
  if (!session) return context.fail(session.error());
  auto answer = (*session)->ask(Verb::show_job, options.jobs.front());
  if (!answer) return context.fail(answer.error());
  if (answer->jobs.empty() || answer->specs.empty())
    return context.fail(kUsage, "there is no such job; see: brigade jobs");
  const JobSummary& job = answer->jobs.front();
  if (job.state != JobState::done && job.state != JobState::cancelled) {
    return context.fail(
        kUsage, "job " + to_string(job.id) + " is not over yet; wait for it first: brigade wait " + to_string(job.id));
  }
  JobSpec spec = answer->specs.front();
  auto spool = collect(**session, job.id, spec, options);
  if (!spool) return context.fail(spool.error());
  if ((*spool)->count() == 0) {
    context.note("nothing to retry: no such task in job " + to_string(job.id));
    return kOk;
  }
  spec.range.reset();
  spec.trend = CostTrend::flat;
  spec.key.clear();
  spec.name = options.name;
  spec.retry_of = job.id;
  auto source = Spool::read_back(*spool);
  if (!source) return context.fail(source.error());
  auto submitted = (*session)->submit(spec, chunks_of(*std::move(source)));
  if (!submitted) return context.fail(submitted.error());
  if (!submitted->warning.empty()) context.warn(submitted->warning);
  const std::string id = to_string(submitted->job);
  if (context.format() == output::Format::quiet || context.format() == output::Format::table)
    return context.print(id + "\n");
  return context.print(fields_text(
      {{"id", id}, {"kind", spec.kind}, {"name", spec.name}, {"retry_of", to_string(job.id)}}, context.format()));
}

}  // namespace

void declare_retry(Declare& root) {
  auto options = std::make_shared<RetryOptions>();
  Declare command = root.command(
      "retry", "Submit a new job of the tasks of another that failed; they keep their numbers",
      [options](Context& context) { return retry(context, *options); }, "RETRY_");
  command.words("JOB", "An id, the unique beginning of one, a name, or 'last'", options->jobs);
  command.flag({"--failed", "The tasks that failed"}, options->failed);
  command.flag({"--cancelled", "The tasks that a deadline, --max-fails or 'cancel' cut off"}, options->cancelled);
  command.text({"--name", "A name for the new job"}, options->name);
}

}  // namespace brigade::cli
