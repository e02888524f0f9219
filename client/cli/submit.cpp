// `brigade submit`: hand a job to a broker and leave.
#include "client/cli/commands.h"
#include "client/cli/kinds.h"
#include "client/cli/survey.h"
#include "proto/output/json_text.h"

namespace brigade::cli {
namespace {

std::string describe(const client::Submitted& submitted, const JobSpec& spec, output::Format format) {
  const std::string id = to_string(submitted.job);
  if (format == output::Format::quiet) return id + "\n";
  if (format == output::Format::csv)
    return "id,kind,name,existed\r\n" + id + "," + spec.kind + "," + spec.name + "," +
           (submitted.existed ? "true" : "false") + "\r\n";
  if (format == output::Format::table) {
    return id + (submitted.existed ? "  (was there already)\n" : "\n");
  }
  std::string text = "{\"id\":\"" + id + "\",\"kind\":";
  output::append_json_string(text, spec.kind);
  text += ",\"name\":";
  output::append_json_string(text, spec.name);
  text += std::string(",\"existed\":") + (submitted.existed ? "true" : "false") + "}\n";
  return text;
}

/// The limit of the connected workers; nullopt: none is known, or nobody is there to have one.
Result<std::optional<std::uint64_t>> limit_of(client::Session& session, const std::string& kind) {
  auto found = ask_suitability(session, kind);
  if (!found) return found.error();
  return found->offering > 0 ? found->argument_max : std::nullopt;
}

ExitCode submit_job(Context& context, JobRequest request) {
  auto session = connect(context);
  if (!session) return context.fail(session.error());
  auto limit = limit_of(**session, request.spec.kind);
  if (!limit) return context.fail(limit.error());
  if (*limit && request.largest && *request.largest > **limit) {
    return context.fail(kNeverRuns, request.spec.kind + ": " + std::to_string(*request.largest) +
                                        " is over the limit of every connected worker (" + std::to_string(**limit) +
                                        "); nothing was submitted");
  }
  auto exceeded = std::make_shared<bool>(false);
  TaskSource source = std::move(request.source);
  if (*limit) source = limited(std::move(source), **limit, exceeded);
  auto submitted = (*session)->submit(request.spec, chunks_of(std::move(source)));
  if (!submitted) {
    if (*exceeded) return context.fail(kNeverRuns, request.spec.kind + ": " + submitted.error().message);
    if (submitted.error().code == ErrorCode::cancelled)
      return context.fail(kInterrupted, "interrupted; nothing was submitted");
    return context.fail(submitted.error());
  }
  if (!submitted->warning.empty()) context.warn(submitted->warning);
  const output::Format format = context.format();
  if (format == output::Format::table) {
    context.note("accepted; see its results with: brigade results " + to_string(submitted->job) + " --follow");
  }
  return context.print(describe(*submitted, request.spec, format));
}

}  // namespace

void declare_submit(Declare& root) {
  auto job = std::make_shared<JobOptions>();
  Declare command = root.command("submit", "Submit tasks to a broker and print the job's id", {});
  declare_job_options(command, *job);
  command.examples("  id=$(brigade submit -o quiet factorial 1..1000)\n  brigade wait $id && brigade results $id\n");
  declare_kinds(command, job, false,
                [](Context& context, JobRequest request) { return submit_job(context, std::move(request)); });
}

}  // namespace brigade::cli
