#include "client/experiment/record.h"

#include <algorithm>
#include <fstream>
#include <sstream>

#include "client/experiment/command_line.h"
#include "client/experiment/record_json.h"
#include "client/output/csv.h"
#include "client/output/sink.h"

namespace brigade::experiment {
namespace {

namespace fs = std::filesystem;

constexpr const char* kManifest = "experiment.json";
constexpr const char* kRuns = "results.ndjson";
constexpr const char* kDetails = "details.ndjson";

Error bad(const std::string& message) {
  return Error{ErrorCode::invalid, message};
}

std::string text_of(const fs::path& path) {
  std::ifstream file(path, std::ios::binary);
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

/// Whole lines only: what a crash cut off is measured again.
std::vector<std::string> lines_of(const fs::path& path) {
  std::vector<std::string> lines;
  const std::string text = text_of(path);
  std::size_t begin = 0;
  for (std::size_t end = text.find('\n'); end != std::string::npos; end = text.find('\n', begin)) {
    lines.push_back(text.substr(begin, end - begin));
    begin = end + 1;
  }
  if (begin < text.size()) {
    std::error_code ignored;
    fs::resize_file(path, begin, ignored);
  }
  return lines;
}

Result<void> append_line(const fs::path& path, const Json& json) {
  std::ofstream file(path, std::ios::binary | std::ios::app);
  file << json.dump() << "\n" << std::flush;
  if (file) return {};
  return Error{ErrorCode::invalid, "cannot write " + path.string() + "; what was measured before is there"};
}

template <class Record>
bool holds(const std::vector<Record>& records, const std::string& cell, unsigned repeat) {
  return std::any_of(records.begin(), records.end(),
                     [&](const Record& each) { return each.cell == cell && each.repeat == repeat; });
}

/// A crash may have left details of a run that was then measured again.
void keep_latest(std::vector<RunDetails>& all, RunDetails details) {
  std::erase_if(all,
                [&](const RunDetails& each) { return each.cell == details.cell && each.repeat == details.repeat; });
  all.push_back(std::move(details));
}

}  // namespace

const Cell* Measured::cell(const std::string& id) const {
  for (const Cell& each : manifest.cells)
    if (each.id == id) return &each;
  return nullptr;
}

std::vector<const RunRecord*> Measured::runs_of(const std::string& cell) const {
  std::vector<const RunRecord*> found;
  for (const RunRecord& run : runs)
    if (run.cell == cell) found.push_back(&run);
  return found;
}

Points Measured::seconds_of(const std::string& cell) const {
  Points points;
  for (const RunRecord* run : runs_of(cell)) points.push_back(run->seconds);
  return points;
}

Points Measured::rates_of(const std::string& id) const {
  Points points = seconds_of(id);
  for (double& point : points) point = static_cast<double>(cell(id)->tasks) / point;
  return points;
}

std::string id_of(const Manifest& manifest) {
  Json question{
      {"title", manifest.title},   {"kind", manifest.kind},     {"words", words_of_the_work(manifest.arguments)},
      {"repeat", manifest.repeat}, {"warmup", manifest.warmup}, {"workloads", Json::array()},
      {"cells", Json::array()}};
  for (const Workload& each : manifest.workloads) question["workloads"].push_back({each.name, each.arguments});
  for (const Cell& cell : manifest.cells) question["cells"].push_back(to_json(cell));
  if (!manifest.broker.empty()) question["broker"] = true;  // whichever: one may come back at another endpoint
  std::uint64_t hash = 0xCBF2'9CE4'8422'2325u;              // FNV-1a: it tells apart, it need not resist anybody
  for (const char c : question.dump()) hash = (hash ^ static_cast<unsigned char>(c)) * 0x100'0000'01B3u;
  std::ostringstream text;
  text << std::hex << hash;
  return text.str();
}

std::string results_csv(const Measured& measured) {
  std::string csv =
      "mode,workers,threads,io_concurrency,tasks,repeat,seconds,runner,workload,size,cell,tasks_per_s,failed,started_"
      "at,"
      "client_ms,broker_ms,transit_ms,worker_ms,run_ms,return_ms\r\n";
  for (const RunRecord& run : measured.runs) {
    const Json json = to_json(run, *measured.cell(run.cell));
    const auto append = [&csv, &json](const char* name) {
      if (!json.contains(name)) return;
      output::append_csv_cell(csv, json[name].is_string() ? json[name].get<std::string>() : json[name].dump());
    };
    append("mode");
    for (const char* name : {"workers", "threads", "io_concurrency", "tasks", "repeat", "seconds", "runner", "workload",
                             "size_text", "cell", "tasks_per_s", "failed", "started_at", "client_ms", "broker_ms",
                             "transit_ms", "worker_ms", "run_ms", "return_ms"}) {
      csv += ',';
      append(name);
    }
    csv += "\r\n";
  }
  return csv;
}

Result<ResultsFolder> ResultsFolder::create(const fs::path& path, const Manifest& manifest) {
  std::error_code error;
  if (fs::exists(path / kManifest, error))
    return bad(path.string() + " holds an experiment already: go on with it with --resume " + path.string() +
               ", or name another folder with --results");
  if (fs::exists(path, error) && !(fs::is_directory(path, error) && fs::is_empty(path, error)))
    return bad(path.string() + " is there and not an empty folder; name another one with --results");
  fs::create_directories(path, error);
  if (error) return bad("cannot make the folder " + path.string() + ": " + error.message() + "; choose with --results");
  ResultsFolder folder;
  folder.path_ = path;
  folder.measured_.manifest = manifest;
  if (auto written = folder.write(kManifest, to_json(manifest).dump(1) + "\n"); !written) return written.error();
  return folder;
}

Result<ResultsFolder> ResultsFolder::open(const fs::path& path) {
  std::error_code error;
  if (!fs::exists(path / kManifest, error))
    return bad(path.string() + " holds no experiment (" + kManifest + " is missing); name its results folder");
  auto manifest = manifest_of(text_of(path / kManifest));
  if (!manifest) return bad((path / kManifest).string() + " is damaged: " + manifest.error().message);
  ResultsFolder folder;
  folder.path_ = path;
  folder.measured_.manifest = *std::move(manifest);
  for (const std::string& line : lines_of(path / kRuns)) {
    auto run = run_of(line);
    if (!run) return bad((path / kRuns).string() + " is damaged: " + run.error().message);
    if (folder.measured_.cell(run->cell) != nullptr && !folder.has(run->cell, run->repeat))
      folder.measured_.runs.push_back(*std::move(run));
  }
  for (const std::string& line : lines_of(path / kDetails))
    if (auto details = details_of(line)) keep_latest(folder.measured_.details, *std::move(details));
  return folder;
}

Result<void> ResultsFolder::check_same(const Manifest& asked) const {
  const Manifest& mine = measured_.manifest;
  const std::string other = path_.string() + " belongs to another experiment: ";
  const std::string instead = ", or name another folder with --results";
  if (mine.broker.empty() != asked.broker.empty())
    return bad(other +
               (mine.broker.empty()
                    ? "it is measured on private clusters; add --private"
                    : "it is measured on the workers of the broker at " + mine.broker + "; name it with --broker") +
               instead);
  if (mine.id != asked.id)
    return bad(path_.string() + " belongs to another experiment:\n  " + mine.command +
               "\nResume that one with 'brigade experiment --resume " + path_.string() + "'" + instead);
  if (mine.input_sha256 == asked.input_sha256) return {};
  return bad(other +
             "its tasks are no longer those that were measured, since the list that they come from has changed; "
             "bring back the list as it was" +
             instead);
}

bool ResultsFolder::has(const std::string& cell, unsigned repeat) const {
  return holds(measured_.runs, cell, repeat);
}

Result<void> ResultsFolder::append(const RunRecord& run, const RunDetails& details) {
  // What is kept here is what a later reader finds, digits included: figures made anew are then the same.
  // The run's own line last: with it the run counts.
  if (!details.latency_ms.empty()) {
    const Json json = to_json(details);
    if (auto written = append_line(path_ / kDetails, json); !written) return written;
    if (auto read = details_of(json.dump())) keep_latest(measured_.details, *std::move(read));
  }
  const Cell* cell = measured_.cell(run.cell);
  require(cell != nullptr);
  const Json json = to_json(run, *cell);
  if (auto written = append_line(path_ / kRuns, json); !written) return written;
  auto read = run_of(json.dump());
  if (!read) return read.error();
  measured_.runs.push_back(*std::move(read));
  return {};
}

Result<void> ResultsFolder::write(const std::string& name, std::string_view text) const {
  auto file = output::Sink::file(path_ / name, -1);
  if (!file) return file.error();
  if (auto written = file->write(text); !written) return written;
  return file->commit();
}

}  // namespace brigade::experiment
