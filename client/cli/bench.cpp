// `brigade bench`: the runner's own figures.
#include "client/bench/bench.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <functional>
#include <memory>

#include <nlohmann/json.hpp>

#include "client/bench/factorials.h"
#include "client/bench/scale.h"
#include "client/cli/commands.h"
#include "client/cli/interrupts.h"
#include "client/cli/listing.h"
#include "client/cli/survey.h"
#include "client/cli/task_source.h"
#include "client/cluster/folders.h"
#include "client/cluster/private_cluster.h"
#include "client/output/text_table.h"
#include "proto/base/text.h"
#include "proto/base/version.h"

namespace brigade::cli {
namespace {

using Json = nlohmann::ordered_json;
using Measure = std::function<Result<bench::Figures>(client::Session&, const bench::Load&, pid_t)>;

struct BenchOptions {
  std::optional<std::uint64_t> tasks, workers, threads, repeat;
  std::string arguments = "range";
  bool private_cluster = false;
  bool tcp = false;
  bool ipc = false;
  bool durable = false;
};

/// One of the benchmarks.
struct Benchmark {
  std::string name;
  std::string help;
  std::uint64_t tasks = 0;    ///< unless told
  bool with_workers = false;  ///< else nobody runs what is submitted
  Measure measure = {};
  std::string kind = "noop";
  Json load = {};  ///< of what, where it is not a number of no-op tasks
};

/// Which rows `bench scale` has: one thing grows, the others stay.
const std::vector<bench::World>& worlds() {
  static const std::vector<bench::World> kWorlds{
      {.tasks = 10'000},     {.tasks = 100'000},     {.tasks = 1'000'000},
      {.tasks = 10'000'000}, {.tasks = 100'000'000}, {.workers = 1},
      {.workers = 100},      {.workers = 1000},      {.jobs = 10},
      {.jobs = 100},         {.jobs = 1000},         {.columns = true},
      {.clients = 1},        {.clients = 100},       {.jobs = 100, .workers = 1000, .clients = 100}};
  return kWorlds;
}

/// A folder on a disk for a private broker that syncs; removed with this.
class StateFolder {
 public:
  StateFolder() = default;
  StateFolder(const StateFolder&) = delete;
  StateFolder& operator=(const StateFolder&) = delete;
  ~StateFolder() {
    std::error_code ignored;
    if (!path_.empty()) std::filesystem::remove_all(path_, ignored);
  }
  Result<std::filesystem::path> make() {
    if (auto made = cluster::make_private_folder(cluster::state_folder()); !made) return made.error();
    path_ = cluster::state_folder() / ("bench-" + std::to_string(::getpid()));
    return path_;
  }

 private:
  std::filesystem::path path_;
};

/// Median of what all runs have figures for; nullopt otherwise.
template <class Get>
std::optional<double> median(const std::vector<bench::Figures>& runs, Get get) {
  std::vector<double> values;
  for (const bench::Figures& run : runs) {
    const std::optional<double> value = get(run);
    if (!value) return std::nullopt;
    values.push_back(*value);
  }
  const auto middle = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
  std::nth_element(values.begin(), middle, values.end());
  return *middle;
}

Json figures_json(const std::vector<bench::Figures>& runs) {
  const auto or_null = [](std::optional<double> value) { return value ? Json(*value) : Json(nullptr); };
  const auto seconds = [](const bench::Figures& run) { return std::optional(to_ms(run.elapsed) / 1e3); };
  const auto rate = [](const bench::Figures& run) { return std::optional(run.tasks_per_s()); };
  return {{"tasks", runs.front().tasks},
          {"seconds", or_null(median(runs, seconds))},
          {"tasks_per_s", or_null(median(runs, rate))},
          {"p50_us", or_null(median(runs, [](const auto& run) { return run.p50_us; }))},
          {"p99_us", or_null(median(runs, [](const auto& run) { return run.p99_us; }))},
          {"broker_cpu_ns_per_task", or_null(median(runs, [](const auto& run) { return run.broker_cpu_ns_per_task; }))},
          {"broker_bytes_per_task", or_null(median(runs, [](const auto& run) { return run.broker_bytes_per_task; }))}};
}

/// For people: whole numbers in groups, others with four digits.
std::string shown(const Json& value) {
  if (value.is_string()) return value.get<std::string>();
  const auto number = value.get<double>();
  return number < 1000 && value.is_number_float() ? fmt::format("{:.4g}", number)
                                                  : base::format_count(static_cast<std::uint64_t>(number + 0.5));
}

Json scale_json(const bench::World& world, const bench::ScaleFigures& figures) {
  return {{"tasks", world.tasks},
          {"workers", world.workers},
          {"jobs", world.jobs},
          {"clients", world.clients},
          {"arguments", world.columns ? "columns" : "range"},
          {"leases", figures.leases},
          {"broker_us_per_lease", figures.broker_us_per_lease},
          {"idle_percent", figures.idle_percent},
          {"leases_per_s", figures.leases_per_s},
          {"broker_mib", figures.broker_mib},
          {"submit_ms", figures.submit_ms},
          {"jobs_ms", figures.jobs_ms},
          {"status_ms", figures.status_ms},
          {"why_ms", figures.why_ms}};
}

/// Rows with the same members.
std::string rows_text(const std::vector<Json>& rows, output::Format format, std::size_t width) {
  if (format == output::Format::quiet) return "";
  if (format == output::Format::json) return Json(rows).dump() + "\n";
  std::string text;
  if (format == output::Format::ndjson) {
    for (const Json& row : rows) text += row.dump() + "\n";
    return text;
  }
  std::vector<output::TableColumn> columns;
  for (const auto& member : rows.front().items()) columns.push_back({.title = member.key(), .right = true});
  std::vector<output::TextTable::Cells> cells;
  for (const Json& row : rows) {
    cells.emplace_back();
    for (const auto& member : row.items())
      cells.back().push_back(format == output::Format::csv ? member.value().dump() : shown(member.value()));
  }
  return format == output::Format::csv ? csv_text(columns, cells) : output::TextTable::text(columns, cells, width);
}

class Bench {
 public:
  Bench(Context& context, const BenchOptions& options, const Benchmark& benchmark)
      : context_(context), options_(options), benchmark_(benchmark), interrupts_(context.signals()) {}

  ExitCode go_scale() {
    if (auto ready = prepare(); !ready) return fail(ready.error());
    std::vector<Json> rows;
    for (const bench::World& world : worlds()) {
      auto figures = bench::scale(*session_, endpoint_, parties_.broker, world);
      if (!figures) return fail(figures.error());
      rows.push_back(scale_json(world, *figures));
    }
    return context_.print(rows_text(rows, context_.format(), context_.table_width()));
  }

  ExitCode go() {
    if (auto ready = prepare(); !ready) return fail(ready.error());
    const bench::Load load{.tasks = options_.tasks.value_or(benchmark_.tasks),
                           .columns = options_.arguments == "columns"};
    std::vector<bench::Figures> runs;
    for (std::uint64_t run = 0; run < options_.repeat.value_or(5); ++run) {
      auto figures = benchmark_.measure(*session_, load, parties_.broker);
      if (!figures) return fail(figures.error());
      runs.push_back(*figures);
    }
    return print(runs);
  }

 private:
  ExitCode fail(const Error& error);
  Result<void> prepare();
  Result<void> start_cluster();
  ExitCode print(const std::vector<bench::Figures>& runs) const;
  Json configuration() const;

  Context& context_;
  const BenchOptions& options_;
  const Benchmark benchmark_;
  Interrupts interrupts_;
  StateFolder state_;
  std::unique_ptr<cluster::PrivateCluster> cluster_;
  std::string endpoint_;
  std::unique_ptr<client::Session> session_;
  bench::Parties parties_;
};

/// A call is also broken off when a process of the private cluster ends: then that is the reason.
ExitCode Bench::fail(const Error& error) {
  if (interrupts_.signal()) return context_.fail(error);
  if (auto tended = interrupts_.tend(); !tended) return context_.fail(tended.error());
  if (error.code != ErrorCode::cancelled) return context_.fail(error);
  return context_.fail({ErrorCode::unavailable, "a worker of the private cluster ended in the middle; run it again"});
}

Result<void> Bench::start_cluster() {
  cluster::PrivateOptions wanted{
      .workers = benchmark_.with_workers ? static_cast<unsigned>(options_.workers.value_or(1)) : 0,
      .threads = static_cast<unsigned>(options_.threads.value_or(0)),
      .timeout = context_.connect_timeout(),
      .interrupt_fd = context_.signals().fd(),
      .tcp = options_.tcp};
  if (options_.durable) {
    auto folder = state_.make();
    if (!folder) return folder.error();
    wanted.state = *folder;
  }
  auto started = cluster::PrivateCluster::start(wanted);
  if (!started) return started.error();
  cluster_ = *std::move(started);
  interrupts_.watch(*cluster_);
  endpoint_ = cluster_->endpoint();
  return {};
}

Result<void> Bench::prepare() {
  if (!options_.private_cluster) {
    auto found = find_broker(context_);
    if (!found) return found.error();
    endpoint_ = found->value_or("");
  }
  if (endpoint_.empty())
    if (auto started = start_cluster(); !started) return started;
  auto session = connect_to(context_, endpoint_, interrupts_.fd());
  if (!session) return session.error();
  session_ = *std::move(session);
  if (benchmark_.with_workers) {
    const std::size_t wanted = cluster_ ? options_.workers.value_or(1) : 1;
    auto workers = await_workers(*session_, interrupts_, benchmark_.kind, wanted, context_.connect_timeout());
    if (!workers) return workers.error();
  }
  auto parties = bench::parties_of(*session_);
  if (!parties) return parties.error();
  if (!benchmark_.with_workers && !parties->workers.empty())
    return Error{ErrorCode::invalid, "bench " + benchmark_.name +
                                         ": the broker has workers, which would run the tasks; " +
                                         "leave out --broker, or drain them first"};
  parties_ = *std::move(parties);
  return {};
}

Json Bench::configuration() const {
  Json configuration{{"version", std::string(base::version())},
                     {"endpoint", endpoint_.substr(0, endpoint_.find(':'))},
                     {"private", cluster_ != nullptr},
                     {"workers", parties_.workers.size()},
                     {"threads", options_.threads.value_or(base::usable_cores())},
                     {"durable", options_.durable},
                     {"repeat", options_.repeat.value_or(5)}};
  if (!cluster_) configuration["threads"] = nullptr;
  configuration.update(benchmark_.load.empty() ? Json{{"arguments", options_.arguments}} : benchmark_.load);
  return configuration;
}

ExitCode Bench::print(const std::vector<bench::Figures>& runs) const {
  Json json{{"benchmark", benchmark_.name}};
  json.update(figures_json(runs));
  const output::Format format = context_.format();
  if (format == output::Format::json || format == output::Format::ndjson) {
    json["checksum"] = fmt::format("{:016x}", runs.front().checksum);
    json["client_pid"] = parties_.client;
    json["broker_pid"] = parties_.broker;
    json["worker_pids"] = parties_.workers;
    json["configuration"] = configuration();
    for (const bench::Figures& run : runs) json["runs"].push_back(figures_json({run}));
    return context_.print(json.dump() + "\n");
  }
  if (format == output::Format::quiet) return kOk;
  Fields fields;
  for (const auto& [name, value] : json.items())
    if (!value.is_null()) fields.emplace_back(name, shown(value));
  return context_.print(fields_text(fields, format));
}

void declare_cluster(Declare& command, BenchOptions& options, bool with_workers) {
  if (with_workers) {
    command.number({"--workers", "Worker processes of a private cluster", "1"}, options.workers, 1, 1024);
    command.number({"--threads", "Threads of each worker", "one per core"}, options.threads, 1, 4096);
  }
  command.flag({"--private", "Start a private cluster even where a broker is known"}, options.private_cluster);
  command.flag({"--ipc", "Connect a private cluster by a local socket (as it is without --tcp)"}, options.ipc);
  command.flag({"--tcp", "Connect a private cluster by TCP on loopback"}, options.tcp);
  command.flag({"--durable", "The private broker keeps jobs on disk and syncs, as a service does"}, options.durable);
  command.number({"--repeat", "Runs; the figures are medians", "5"}, options.repeat, 1, 1000);
}

ExitCode measure(Context& context, const BenchOptions& options, const Benchmark& benchmark) {
  if (options.tcp && options.ipc) return context.fail(kUsage, "bench: --ipc or --tcp, not both");
  return Bench(context, options, benchmark).go();
}

void declare_benchmark(Declare& bench, const std::shared_ptr<BenchOptions>& options, const Benchmark& benchmark) {
  Declare command = bench.command(benchmark.name, benchmark.help, [options, benchmark](Context& context) {
    return measure(context, *options, benchmark);
  });
  command.number({"--tasks", "Tasks of one run", std::to_string(benchmark.tasks)}, options->tasks, 1,
                 1'000'000'000'000);
  command.choice({"--arguments", "A range, or 8 bytes sent along for each task"}, options->arguments,
                 {"range", "columns"});
  declare_cluster(command, *options, benchmark.with_workers);
}

/// Which factorials, as they were typed.
Result<bench::Factorials> parse_factorials(const std::vector<std::string>& words, const std::string& form) {
  bench::Factorials wanted{.ranges = {},
                           .form = form == "decimal" ? wire::FactorialForm::decimal : wire::FactorialForm::binary};
  std::uint64_t count = 0;
  for (const std::string& word : words) {
    auto range = parse_range(word);
    if (!range) return Error{ErrorCode::invalid, "bench factorial: " + range.error().message};
    count += range->count;
    wanted.ranges.push_back(*range);
    if (count > bench::kFactorialsMax)
      return Error{ErrorCode::invalid, "bench factorial: at most " + base::format_count(bench::kFactorialsMax) +
                                           " numbers; for more: brigade run factorial " + word};
  }
  return wanted;
}

void declare_factorials(Declare& bench) {
  struct Typed {
    std::vector<std::string> words{"100000..100002"};
    std::string form = "binary";
  };
  auto options = std::make_shared<BenchOptions>();
  auto typed = std::make_shared<Typed>();
  const std::string help = "Factorials: from the submit until all answers are here, each checked modulo 2^61-1";
  Declare command = bench.command("factorial", help, [options, typed](Context& context) {
    auto wanted = parse_factorials(typed->words, typed->form);
    if (!wanted) return context.fail(wanted.error());
    const auto run = [wanted = *wanted](client::Session& session, const bench::Load&, pid_t broker) {
      return bench::factorials(session, wanted, broker);
    };
    return measure(context, *options,
                   {.name = "factorial",
                    .with_workers = true,
                    .measure = run,
                    .kind = "factorial",
                    .load = {{"numbers", typed->words}, {"as", typed->form}}});
  });
  command.words("N", "Numbers and ranges A..B or A..B:STEP (default: 100000..100002)", typed->words);
  command.choice({"--as", "How the answers travel: their bytes, or decimal digits"}, typed->form,
                 {"binary", "decimal"});
  declare_cluster(command, *options, true);
}

void declare_scale(Declare& bench) {
  auto options = std::make_shared<BenchOptions>();
  Declare command =
      bench.command("scale", "What a lease costs the broker when tasks grow to 10^8, workers and jobs to 1,000",
                    [options](Context& context) { return Bench(context, *options, {.name = "scale"}).go_scale(); });
  command.flag({"--private", "Start a private cluster even where a broker is known"}, options->private_cluster);
  command.flag({"--tcp", "Connect by TCP on loopback, not by a local socket"}, options->tcp);
  command.flag({"--durable", "The private broker keeps jobs on disk and syncs, as a service does"}, options->durable);
}

}  // namespace

void declare_bench(Declare& root) {
  Declare command = root.command(
      "bench", "Measure the runner itself: real processes, every result checked. Without a broker on a private cluster",
      {});
  command.examples("  brigade bench dispatch\n  brigade bench latency --tcp -o json\n");
  const std::vector<Benchmark> benchmarks{
      {"dispatch", "No-op tasks per second, and what one costs the broker", 10'000'000, true, bench::dispatch},
      {"latency", "One task at a time: from its submit to its result", 1'000, true, bench::latency},
      {"memory", "What a queued task costs the broker", 10'000'000, false, bench::memory}};
  for (const Benchmark& benchmark : benchmarks) declare_benchmark(command, std::make_shared<BenchOptions>(), benchmark);
  declare_factorials(command);
  declare_scale(command);
}

}  // namespace brigade::cli
