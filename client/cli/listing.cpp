#include "client/cli/listing.h"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>

#include <nlohmann/json.hpp>

#include "client/output/csv.h"
#include "client/output/summary.h"
#include "client/output/text_table.h"
#include "proto/base/text.h"

namespace brigade::cli {
namespace {

using output::Format;
using output::TableColumn;
using Json = nlohmann::ordered_json;

std::string dumped(const Json& json) {
  return json.dump(-1, ' ', false, Json::error_handler_t::replace);
}

/// JSON: one array; NDJSON: one object per line.
std::string rows_text(const std::vector<Json>& rows, Format format) {
  std::string text;
  if (format == Format::json) return dumped(Json(rows)) + "\n";
  for (const Json& row : rows) text += dumped(row) + "\n";
  return text;
}

std::string ago(UtcMs time) {
  return time.value == 0 ? "-" : base::format_utc(time).substr(0, 19) + "Z";
}

output::TextTable::Cells job_cells(const JobSummary& job) {
  const double share = job.tasks > 0 ? 100.0 * static_cast<double>(job.finished()) / static_cast<double>(job.tasks) : 0;
  return {to_string(job.id),
          job.name,
          job.kind,
          std::string(name_of(job.state)),
          std::to_string(job.tasks),
          fmt::format("{:.0f}%", share),
          std::to_string(job.ok),
          std::to_string(job.failed),
          std::to_string(job.cancelled),
          ago(job.submitted_at),
          base::format_duration(job.elapsed)};
}

std::vector<TableColumn> job_columns() {
  return {{.title = "ID", .elastic = true, .importance = 10},
          {.title = "NAME", .elastic = true, .importance = 8},
          {.title = "KIND", .importance = 7},
          {.title = "STATE", .importance = 9},
          {.title = "TASKS", .right = true, .importance = 6},
          {.title = "DONE", .right = true, .importance = 8},
          {.title = "OK", .right = true, .importance = 4},
          {.title = "FAILED", .right = true, .importance = 5},
          {.title = "CANCELLED", .right = true, .importance = 2},
          {.title = "SUBMITTED", .importance = 1},
          {.title = "ELAPSED", .right = true, .importance = 3}};
}

Json worker_json(const WorkerSummary& worker) {
  Json kinds = Json::array();
  for (const KindOffer& kind : worker.kinds) {
    Json offer{{"name", kind.name}, {"prefers", kind.preferred == Lane::threads ? "threads" : "loop"}};
    if (kind.argument_max > 0) offer["argument_max"] = kind.argument_max;
    kinds.push_back(std::move(offer));
  }
  return {{"name", worker.name},
          {"host", worker.host},
          {"pid", worker.pid},
          {"version", worker.version},
          {"threads", worker.slots[0]},
          {"io_concurrency", worker.slots[1]},
          {"busy_threads", worker.busy[0]},
          {"busy_io", worker.busy[1]},
          {"leases", worker.leases},
          {"leased_tasks", worker.leased_tasks},
          {"finished_tasks", worker.finished_tasks},
          {"draining", worker.draining},
          {"silent_ms", to_ms(worker.silent_for)},
          {"kinds", std::move(kinds)}};
}

output::TextTable::Cells worker_cells(const WorkerSummary& worker) {
  std::string kinds;
  for (const KindOffer& kind : worker.kinds) kinds += (kinds.empty() ? "" : " ") + kind.name;
  return {worker.name,
          worker.host,
          std::to_string(worker.pid),
          fmt::format("{}/{}", worker.busy[0], worker.slots[0]),
          fmt::format("{}/{}", worker.busy[1], worker.slots[1]),
          std::to_string(worker.leased_tasks),
          std::to_string(worker.finished_tasks),
          worker.draining ? "draining" : "ready",
          kinds};
}

/// "8 MiB of at most 1 GiB".
std::string stored_text(const BrokerStatus& status) {
  std::string text = base::format_size(status.state_bytes);
  if (status.state_bytes_max == 0) return text;
  text += " of at most " + base::format_size(status.state_bytes_max);
  return text + (status.state_bytes >= status.state_bytes_max ? ": submits are refused until jobs are forgotten" : "");
}

std::string limits_line(const JobSpec& spec) {
  std::string text;
  const auto add = [&text](const std::string& part) { text += (text.empty() ? "" : ", ") + part; };
  if (spec.task_timeout.count() > 0) add("timeout " + base::format_duration(spec.task_timeout));
  if (spec.deadline.count() > 0) add("deadline " + base::format_duration(spec.deadline));
  if (spec.retries > 0) add("retries " + std::to_string(spec.retries));
  if (spec.max_fails.unit != FailLimit::Unit::none) {
    add("max fails " + std::to_string(spec.max_fails.value) +
        (spec.max_fails.unit == FailLimit::Unit::percent ? "%" : ""));
  }
  if (spec.ceilings.workers > 0) add("max workers " + std::to_string(spec.ceilings.workers));
  if (spec.ceilings.per_worker > 0) add("per worker " + std::to_string(spec.ceilings.per_worker));
  return text.empty() ? "none" : text;
}

}  // namespace

std::string jobs_text(const std::vector<JobSummary>& jobs, Format format, std::size_t width) {
  std::string text;
  if (format == Format::quiet) {
    for (const JobSummary& job : jobs) text += to_string(job.id) + "\n";
    return text;
  }
  if (format == Format::ndjson || format == Format::json) {
    const bool array = format == Format::json;
    for (const JobSummary& job : jobs)
      text += (array && !text.empty() ? ",\n" : "") + output::summary_json(job) + (array ? "" : "\n");
    return array ? "[" + text + "]\n" : text;
  }
  std::vector<output::TextTable::Cells> rows;
  for (const JobSummary& job : jobs) rows.push_back(job_cells(job));
  return format == Format::csv ? csv_text(job_columns(), rows) : output::TextTable::text(job_columns(), rows, width);
}

std::string job_text(const JobSummary& job, const JobSpec* spec, Format format) {
  if (format == Format::quiet) return to_string(job.id) + "\n";
  if (format == Format::json || format == Format::ndjson) return output::summary_json(job) + "\n";
  if (format == Format::csv) return jobs_text({job}, format, 0);
  std::string text = fmt::format("id         {}\nkind       {} ({})\nstate      {}\n", to_string(job.id), job.kind,
                                 name_of(job.mode), name_of(job.state));
  if (!job.name.empty()) text += fmt::format("name       {}\n", output::fit(job.name, 200));
  text +=
      fmt::format("tasks      {}\nok         {}\nfailed     {}\ncancelled  {}\nrunning    {}\ndelayed    {}\n",
                  base::format_count(job.tasks), base::format_count(job.ok), base::format_count(job.failed),
                  base::format_count(job.cancelled), base::format_count(job.running), base::format_count(job.delayed));
  if (const std::string reasons = output::reasons_text(job); !reasons.empty()) text += "reasons    " + reasons + "\n";
  if (job.retry_of) text += "retry of   " + to_string(job.retry_of) + "\n";
  if (spec != nullptr) text += "limits     " + limits_line(*spec) + "\n";
  text += fmt::format("client     {}\npriority   {}\nsubmitted  {}\nstarted    {}\nfinished   {}\nelapsed    {}\n",
                      job.client, job.priority, ago(job.submitted_at), ago(job.started_at), ago(job.finished_at),
                      base::format_duration(job.elapsed));
  return text;
}

std::string workers_text(const std::vector<WorkerSummary>& workers, Format format, std::size_t width) {
  std::string text;
  if (format == Format::quiet) {
    for (const WorkerSummary& worker : workers) text += worker.name + "\n";
    return text;
  }
  if (format == Format::json || format == Format::ndjson) {
    std::vector<Json> rows;
    for (const WorkerSummary& worker : workers) rows.push_back(worker_json(worker));
    return rows_text(rows, format);
  }
  const std::vector<TableColumn> columns{
      {.title = "NAME", .elastic = true, .importance = 10},   {.title = "HOST", .elastic = true, .importance = 3},
      {.title = "PID", .right = true, .importance = 2},       {.title = "THREADS", .right = true, .importance = 8},
      {.title = "TRANSFERS", .right = true, .importance = 6}, {.title = "LEASED", .right = true, .importance = 5},
      {.title = "FINISHED", .right = true, .importance = 7},  {.title = "STATE", .importance = 9},
      {.title = "KINDS", .elastic = true, .importance = 1}};
  std::vector<output::TextTable::Cells> rows;
  for (const WorkerSummary& worker : workers) rows.push_back(worker_cells(worker));
  return format == Format::csv ? csv_text(columns, rows) : output::TextTable::text(columns, rows, width);
}

std::string status_text(const BrokerStatus& status, const std::string& endpoint, Format format) {
  if (format == Format::json || format == Format::ndjson) {
    return dumped(Json{{"endpoint", endpoint},
                       {"version", status.version},
                       {"pid", status.pid},
                       {"epoch", status.epoch},
                       {"uptime_ms", to_ms(status.uptime)},
                       {"durable", status.durable},
                       {"state_folder", status.state_folder},
                       {"state_bytes", status.state_bytes},
                       {"state_bytes_max", status.state_bytes_max},
                       {"trouble", status.trouble},
                       {"jobs", status.jobs},
                       {"jobs_unfinished", status.jobs_unfinished},
                       {"tasks_waiting", status.tasks_waiting},
                       {"tasks_running", status.tasks_running},
                       {"tasks_delayed", status.tasks_delayed},
                       {"workers", status.workers},
                       {"clients", status.clients},
                       {"malformed_messages", status.malformed_messages},
                       {"stale_messages", status.stale_messages}}) +
           "\n";
  }
  const Fields fields{
      {"endpoint", endpoint},
      {"version", status.version},
      {"pid", std::to_string(status.pid)},
      {"up for", base::format_duration(status.uptime)},
      {"state", status.durable ? status.state_folder : "not kept across restarts"},
      {"stored", stored_text(status)},
      {"trouble", status.trouble.empty() ? "none" : status.trouble},
      {"jobs", fmt::format("{} ({} unfinished)", status.jobs, status.jobs_unfinished)},
      {"tasks", fmt::format("{} waiting, {} running, {} delayed", base::format_count(status.tasks_waiting),
                            base::format_count(status.tasks_running), base::format_count(status.tasks_delayed))},
      {"workers", std::to_string(status.workers)},
      {"clients", std::to_string(status.clients)},
      {"refused", fmt::format("{} malformed, {} stale messages", status.malformed_messages, status.stale_messages)}};
  return format == Format::quiet ? "" : fields_text(fields, format);
}

std::string csv_text(const std::vector<TableColumn>& columns, const std::vector<output::TextTable::Cells>& rows) {
  std::string text;
  const auto line = [&text](const auto& cells, auto&& get) {
    bool first = true;
    for (const auto& cell : cells) {
      if (!first) text += ',';
      first = false;
      output::append_csv_cell(text, get(cell));
    }
    text += "\r\n";
  };
  line(columns, [](const TableColumn& column) {
    std::string title = column.title;
    for (char& c : title) c = c == ' ' ? '_' : static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
    return title;
  });
  for (const auto& row : rows) line(row, [](const std::string& cell) { return cell; });
  return text;
}

std::string fields_text(const Fields& fields, Format format) {
  std::string text;
  if (format == Format::json || format == Format::ndjson) {
    Json json = Json::object();
    for (const auto& [name, value] : fields) json[name] = value;
    return dumped(json) + "\n";
  }
  if (format == Format::csv) {
    std::vector<TableColumn> columns;
    output::TextTable::Cells cells;
    for (const auto& [name, value] : fields) {
      columns.push_back({.title = name});
      cells.push_back(value);
    }
    return csv_text(columns, {cells});
  }
  std::size_t widest = 0;
  for (const auto& [name, value] : fields) widest = std::max(widest, name.size());
  for (const auto& [name, value] : fields) text += fmt::format("{:<{}}  {}\n", name, widest, value);
  return text;
}

std::string sentences_text(const std::string& key, const std::vector<std::string>& sentences, Format format) {
  if (format == Format::json || format == Format::ndjson) return dumped(Json{{key, sentences}}) + "\n";
  std::string text = format == Format::csv ? key + "\r\n" : "";
  for (const std::string& sentence : sentences) {
    if (format == Format::csv) {
      output::append_csv_cell(text, sentence);
      text += "\r\n";
    } else {
      text += sentence + "\n";
    }
  }
  return text;
}

}  // namespace brigade::cli
