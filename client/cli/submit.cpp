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

ExitCode submit_job(Context& context, JobRequest request) {
  auto session = connect(context);
  if (!session) return context.fail(session.error());
  auto found = ask_suitability(**session, request.spec.kind);
  if (!found) return context.fail(found.error());
  TaskSource source = std::move(request.source);
  if (found->offering > 0) {  // else the broker warns; a worker may come
    if (auto suitable = check_suitable(*found, request.spec.kind, request.largest); !suitable)
      return context.fail(suitable.error());
    if (!request.largest) source = suitable_only(std::move(source), *found, request.spec.kind);
  }
  auto submitted = (*session)->submit(request.spec, chunks_of(std::move(source)));
  if (!submitted) {
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
