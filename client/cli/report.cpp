// `brigade report`: the page of an experiment made anew, or of several beside each other.
#include <filesystem>

#include "client/cli/commands.h"
#include "client/cli/experiment_results.h"

namespace brigade::cli {
namespace {

struct ReportOptions {
  std::vector<std::string> folders;
  std::string out;
};

ExitCode report(Context& context, const ReportOptions& options) {
  if (options.folders.empty())
    return context.fail(kUsage, "report: name the results folders, as in: brigade report brigade-experiment-article-*");
  std::vector<experiment::Json> summaries;
  for (const std::string& path : options.folders) {
    auto folder = experiment::ResultsFolder::open(path);
    if (!folder) return context.fail(folder.error());
    auto summary = write_results(*folder);
    if (!summary) return context.fail(summary.error());
    summaries.push_back(*std::move(summary));
  }
  const bool several = summaries.size() > 1;
  const std::string out = !options.out.empty() ? options.out : several ? "brigade-report.html" : "";
  if (!out.empty())
    if (auto written = write_page(out, summaries); !written) return context.fail(written.error());
  const std::string page =
      !out.empty() ? out : (std::filesystem::path(options.folders.front()) / "report.html").string();
  if (context.format() == output::Format::json)
    return context.print(experiment::Json{{"runs", summaries}}.dump() + "\n");
  if (context.format() == output::Format::table)
    for (const experiment::Json& summary : summaries) {
      const std::string title =
          several ? summary["title"].get<std::string>() + " on " + summary["machine"]["host"].get<std::string>() + "\n"
                  : "";
      if (const ExitCode code = context.print(title + results_text(summary, context.table_width()) + "\n"); code != kOk)
        return code;
    }
  context.note("written: " + page);
  return kOk;
}

}  // namespace

void declare_report(Declare& root) {
  auto options = std::make_shared<ReportOptions>();
  Declare command = root.command(
      "report", "Make the report of an experiment anew, or compare several (versions, machines)",
      [options](Context& context) { return report(context, *options); }, "REPORT_");
  command.words("DIR", "Results folders of experiments", options->folders);
  command.text({"--out", "Write the page to this file", "DIR/report.html; of several: brigade-report.html", "FILE"},
               options->out);
  command.examples("  brigade report before after --out compared.html\n");
}

}  // namespace brigade::cli
