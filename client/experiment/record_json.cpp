#include "client/experiment/record_json.h"

namespace brigade::experiment {
namespace {

constexpr const char* kFormat = "brigade-experiment-plan/1";

Cell cell_of(const Json& json) {
  return {.id = json.at("id"),
          .workload = json.at("workload"),
          .runner = json.at("runner"),
          .mode = json.at("mode"),
          .workers = json.at("workers"),
          .threads = json.at("threads"),
          .io_concurrency = json.at("io_concurrency"),
          .tasks = json.at("tasks"),
          .size = json.value("size_text", "")};
}

Machine machine_of(const Json& json) {
  Machine machine{.host = json.value("host", ""),
                  .cpu = json.value("cpu", ""),
                  .kernel = json.value("kernel", ""),
                  .governor = json.value("governor", ""),
                  .cores = json.value("cores", 0u),
                  .cores_limit = json.value("cores_limit", 0.0),
                  .memory_bytes = json.value("memory_bytes", std::uint64_t{0}),
                  .load_before = json.value("load_before", 0.0),
                  .versions = {}};
  for (const auto& entry : json.at("versions").items())
    machine.versions.emplace_back(entry.key(), entry.value().get<std::string>());
  return machine;
}

Manifest read_manifest(const Json& json) {
  Manifest manifest{.id = json.at("id"),
                    .title = json.at("title"),
                    .kind = json.at("kind"),
                    .command = json.at("command"),
                    .started_at = json.at("started_at"),
                    .arguments = json.at("arguments"),
                    .repeat = json.at("repeat"),
                    .warmup = json.at("warmup"),
                    .weak = json.at("scaling") == "weak",
                    .seed = json.at("seed"),
                    .machine = machine_of(json.at("machine")),
                    .workloads = {},
                    .cells = {},
                    .broker = json.value("broker", ""),
                    .input_sha256 = json.value("input_sha256", ""),
                    .notes = json.at("notes")};
  for (const Json& each : json.at("workloads"))
    manifest.workloads.push_back({each.at("name"), each.at("arguments"), each.at("tasks")});
  for (const Json& each : json.at("cells")) manifest.cells.push_back(cell_of(each));
  return manifest;
}

RunRecord read_run(const Json& json) {
  RunRecord run{.cell = json.at("cell"),
                .repeat = json.at("repeat"),
                .seconds = json.at("seconds"),
                .failed = json.at("failed"),
                .started_at = json.at("started_at"),
                .breakdown = {},
                .worker_names = json.value("worker_names", std::vector<std::string>())};
  if (json.contains("client_ms"))
    run.breakdown = Breakdown{json.at("client_ms"), json.at("broker_ms"), json.at("transit_ms"),
                              json.at("worker_ms"), json.at("run_ms"),    json.at("return_ms")};
  return run;
}

RunDetails read_details(const Json& json) {
  RunDetails details{
      .cell = json.at("cell"), .repeat = json.at("repeat"), .latency_ms = json.at("latency_ms"), .timeline = {}};
  for (const Json& event : json.value("timeline", Json::array()))
    details.timeline.push_back({event.at(0), event.at(1), event.at(2), event.at(3), event.at(4), event.at(5)});
  return details;
}

/// The library throws where a member is not as expected: here that ends.
template <class T>
Result<T> parsed(const std::string& text, T (*read)(const Json&)) {
  try {
    return read(Json::parse(text));
  } catch (const Json::exception& error) {
    return Error{ErrorCode::invalid, error.what()};
  }
}

/// To the microsecond: more digits would be noise.
double rounded(double ms) {
  return static_cast<double>(static_cast<std::int64_t>(ms * 1e3 + 0.5)) / 1e3;
}

}  // namespace

Json to_json(const Cell& cell) {
  Json json{{"id", cell.id},
            {"workload", cell.workload},
            {"runner", cell.runner},
            {"mode", cell.mode},
            {"workers", cell.workers},
            {"threads", cell.threads},
            {"io_concurrency", cell.io_concurrency},
            {"tasks", cell.tasks}};
  if (!cell.size.empty()) {
    json["size"] = size_number(cell.size);
    json["size_text"] = cell.size;
  }
  return json;
}

Json to_json(const Machine& machine) {
  Json json{{"host", machine.host},
            {"cpu", machine.cpu},
            {"cores", machine.cores},
            {"cores_limit", machine.cores_limit},
            {"memory_bytes", machine.memory_bytes},
            {"kernel", machine.kernel}};
  if (!machine.governor.empty()) json["governor"] = machine.governor;
  json["load_before"] = machine.load_before;
  json["versions"] = Json::object();
  for (const auto& [name, version] : machine.versions) json["versions"][name] = version;
  return json;
}

Json to_json(const Manifest& manifest) {
  Json json{{"format", kFormat},
            {"id", manifest.id},
            {"title", manifest.title},
            {"kind", manifest.kind},
            {"command", manifest.command},
            {"arguments", manifest.arguments},
            {"started_at", manifest.started_at},
            {"repeat", manifest.repeat},
            {"warmup", manifest.warmup},
            {"scaling", manifest.weak ? "weak" : "strong"},
            {"seed", manifest.seed},
            {"machine", to_json(manifest.machine)},
            {"workloads", Json::array()},
            {"cells", Json::array()},
            {"notes", manifest.notes}};
  for (const Workload& each : manifest.workloads)
    json["workloads"].push_back({{"name", each.name}, {"arguments", each.arguments}, {"tasks", each.tasks}});
  for (const Cell& cell : manifest.cells) json["cells"].push_back(to_json(cell));
  if (!manifest.broker.empty()) json["broker"] = manifest.broker;
  if (!manifest.input_sha256.empty()) json["input_sha256"] = manifest.input_sha256;
  return json;
}

Json to_json(const Breakdown& breakdown) {
  return {{"client", rounded(breakdown.client)},   {"broker", rounded(breakdown.broker)},
          {"transit", rounded(breakdown.transit)}, {"worker", rounded(breakdown.worker)},
          {"run", rounded(breakdown.run)},         {"return", rounded(breakdown.back)}};
}

Json to_json(const RunRecord& run, const Cell& cell) {
  Json json = to_json(cell);
  json.erase("id");
  json["cell"] = run.cell;
  json["repeat"] = run.repeat;
  json["seconds"] = run.seconds;
  json["tasks_per_s"] = run.seconds > 0 ? static_cast<double>(cell.tasks) / run.seconds : 0;
  json["failed"] = run.failed;
  json["started_at"] = run.started_at;
  if (!run.worker_names.empty()) json["worker_names"] = run.worker_names;
  if (!run.breakdown) return json;
  const Json parts = to_json(*run.breakdown);
  for (const auto& part : parts.items()) json[part.key() + "_ms"] = part.value();
  return json;
}

Json to_json(const RunDetails& details) {
  Json json{{"cell", details.cell}, {"repeat", details.repeat}, {"latency_ms", Json::array()}};
  for (const double ms : details.latency_ms) json["latency_ms"].push_back(rounded(ms));
  if (details.timeline.empty()) return json;
  json["timeline"] = Json::array();
  for (const TimelineEvent& event : details.timeline)
    json["timeline"].push_back({event.index, event.worker, rounded(event.leased_ms), rounded(event.start_ms),
                                rounded(event.run_ms), rounded(event.seen_ms)});
  return json;
}

Result<Manifest> manifest_of(const std::string& text) {
  return parsed<Manifest>(text, read_manifest);
}

Result<RunRecord> run_of(const std::string& line) {
  return parsed<RunRecord>(line, read_run);
}

Result<RunDetails> details_of(const std::string& line) {
  return parsed<RunDetails>(line, read_details);
}

}  // namespace brigade::experiment
