#include "client/cli/experiment_results.h"

#include <fmt/format.h>

#include "client/experiment/page.h"
#include "client/experiment/record_json.h"
#include "client/experiment/summary.h"
#include "client/experiment/timeline.h"
#include "client/output/sink.h"
#include "client/output/text_table.h"
#include "proto/base/text.h"

namespace brigade::cli {
namespace {

using experiment::Json;
using output::TextTable;

/// Seconds with four digits that count.
std::string seconds_text(double seconds) {
  return fmt::format("{:.4g}", seconds);
}

std::string rate_text(double rate) {
  return rate < 100 ? fmt::format("{:.3g}", rate) : base::format_count(static_cast<std::uint64_t>(rate + 0.5));
}

std::string size_of(const Json& cell) {
  return cell.value("size_text", "");
}

TextTable::Cells row_of(const Json& cell) {
  const auto number = [&cell](const char* name) { return std::to_string(cell[name].get<unsigned>()); };
  TextTable::Cells row{cell["workload"],
                       size_of(cell),
                       cell["runner"],
                       cell["mode"],
                       number("workers"),
                       number("threads"),
                       cell["io_concurrency"] == 0 ? "" : number("io_concurrency"),
                       base::format_count(cell["tasks"].get<std::uint64_t>())};
  if (!cell.contains("median_s")) {
    row.insert(row.end(), {"not measured", "", "", "", "", "", ""});
    return row;
  }
  const bool related = cell.contains("speedup");
  const std::size_t outliers = cell["outliers"].size();
  const auto failed = cell["failed"].get<std::uint64_t>();
  row.push_back(seconds_text(cell["median_s"]));
  row.push_back(seconds_text(cell["low_s"]) + "-" + seconds_text(cell["high_s"]));
  row.push_back(rate_text(cell["tasks_per_s"]));
  row.push_back(related ? fmt::format("{:.3g}", cell["speedup"]["value"].get<double>()) : "");
  row.push_back(related ? fmt::format("{:.0f} %", 100 * cell["efficiency"].get<double>()) : "");
  row.push_back(outliers == 0 ? "" : std::to_string(outliers));
  row.push_back(failed == 0 ? "" : base::format_count(failed));
  return row;
}

/// Columns that would be empty in every row are left out.
std::string cells_table(const Json& cells, std::size_t width) {
  std::vector<output::TableColumn> columns{{.title = "WORKLOAD", .importance = 2},
                                           {.title = "SIZE", .right = true, .importance = 8},
                                           {.title = "RUNNER", .importance = 7},
                                           {.title = "MODE", .importance = 10},
                                           {.title = "WORKERS", .right = true, .importance = 9},
                                           {.title = "THREADS", .right = true, .importance = 9},
                                           {.title = "IO", .right = true, .importance = 9},
                                           {.title = "TASKS", .right = true, .importance = 3},
                                           {.title = "MEDIAN S", .right = true, .importance = 10},
                                           {.title = "95 %", .importance = 6},
                                           {.title = "TASKS/S", .right = true, .importance = 5},
                                           {.title = "SPEED-UP", .right = true, .importance = 7},
                                           {.title = "EFF", .right = true, .importance = 4},
                                           {.title = "OUTLIERS", .right = true, .importance = 1},
                                           {.title = "FAILED", .right = true, .importance = 8}};
  std::vector<TextTable::Cells> rows;
  for (const Json& cell : cells) rows.push_back(row_of(cell));
  for (std::size_t i = columns.size(); i-- > 0;) {
    bool used = false;
    for (const TextTable::Cells& row : rows) used = used || !row[i].empty();
    if (used) continue;
    columns.erase(columns.begin() + static_cast<std::ptrdiff_t>(i));
    for (TextTable::Cells& row : rows) row.erase(row.begin() + static_cast<std::ptrdiff_t>(i));
  }
  return TextTable::text(columns, rows, width);
}

/// Where the time of a task went, one line per cell of Brigade's.
std::string breakdown_table(const Json& cells, std::size_t width) {
  std::vector<output::TableColumn> columns{{.title = "MS PER TASK", .elastic = true, .importance = 10}};
  for (const char* part : {"CLIENT", "BROKER", "TRANSIT", "WORKER", "RUN", "RETURN"})
    columns.push_back({.title = part, .right = true, .importance = 9});
  std::vector<TextTable::Cells> rows;
  for (const Json& cell : cells) {
    if (!cell.contains("breakdown_ms")) continue;
    TextTable::Cells row{cell["id"]};
    for (const char* part : {"client", "broker", "transit", "worker", "run", "return"})
      row.push_back(fmt::format("{:.4g}", cell["breakdown_ms"][part].get<double>()));
    rows.push_back(std::move(row));
  }
  return rows.empty() ? "" : "\n" + TextTable::text(columns, rows, width);
}

std::string fits_text(const Json& series) {
  std::string text;
  for (const Json& each : series)
    for (const Json& fit : each["fits"]) {
      text += fmt::format("  {} ({}), {}: ", each["name"].get<std::string>(), each["axis"].get<std::string>(),
                          fit["model"] == "amdahl" ? "Amdahl" : "USL");
      if (fit["status"] != "ok") {
        text += fit["status"].get<std::string>() + "\n";
        continue;
      }
      std::string parameters;
      for (const Json& parameter : fit["parameters"])
        parameters += fmt::format("{}{} = {:.3g} ({:.3g}-{:.3g})", parameters.empty() ? "" : ", ",
                                  parameter["name"].get<std::string>(), parameter["value"].get<double>(),
                                  parameter["low"].get<double>(), parameter["high"].get<double>());
      text += parameters + "\n";
    }
  return text.empty() ? "" : "\nScaling:\n" + text;
}

}  // namespace

Result<Json> write_results(const experiment::ResultsFolder& folder) {
  const experiment::Measured& measured = folder.measured();
  const std::string finished_at =
      measured.runs.empty() ? measured.manifest.started_at : measured.runs.back().started_at;
  Json summary = experiment::summary_of(measured, finished_at);
  const std::vector<std::pair<std::string, std::string>> files{
      {"results.csv", experiment::results_csv(measured)},
      {"summary.json", summary.dump(1) + "\n"},
      {"trace.json", experiment::trace_json(measured).dump() + "\n"},
      {"report.html", experiment::report_page({summary})}};
  for (const auto& [name, text] : files)
    if (auto written = folder.write(name, text); !written) return written.error();
  return summary;
}

Result<void> write_page(const std::string& path, const std::vector<Json>& summaries) {
  auto file = output::Sink::file(path, -1);
  if (!file) return file.error();
  if (auto written = file->write(experiment::report_page(summaries)); !written) return written;
  return file->commit();
}

std::string results_text(const Json& summary, std::size_t width) {
  std::string text = cells_table(summary["cells"], width) + breakdown_table(summary["cells"], width);
  text += fits_text(summary["series"]);
  if (!summary["comparisons"].empty()) text += "\nComparisons:\n";
  for (const Json& each : summary["comparisons"]) text += "  " + each["text"].get<std::string>() + "\n";
  text += "\n" + summary["recommendation"].get<std::string>() + "\n";
  if (!summary["warnings"].empty()) text += "\nWarnings:\n";
  for (const Json& each : summary["warnings"]) text += "  " + each.get<std::string>() + "\n";
  return text;
}

ExitCode print_results(const Context& context, const experiment::Measured& measured, const Json& summary) {
  switch (context.format()) {
    case output::Format::quiet:
      return kOk;
    case output::Format::json:
      return context.print(summary.dump() + "\n");
    case output::Format::csv:
      return context.print(experiment::results_csv(measured));
    case output::Format::table:
      return context.print(results_text(summary, context.table_width()));
    case output::Format::ndjson:
      break;
  }
  std::string text;
  for (const experiment::RunRecord& run : measured.runs)
    text += experiment::to_json(run, *measured.cell(run.cell)).dump() + "\n";
  return context.print(text);
}

}  // namespace brigade::cli
