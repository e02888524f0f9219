// `brigade experiment`: which mode, how many workers, how many threads are best, and how far from ideal is that?
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "client/cli/commands.h"
#include "client/cli/experiment_run.h"
#include "client/cli/kinds.h"
#include "client/experiment/command_line.h"
#include "proto/base/file_limit.h"
#include "proto/base/text.h"
#include "proto/wire/kinds.h"

namespace brigade::cli {
namespace {

struct ArticleOptions {
  std::optional<std::uint64_t> fetches;
  std::optional<Duration> delay;
  std::string only;
};

constexpr unsigned kFetchThreads = 16;

/// "1..2000": what was typed after the kind, as far as it is short.
std::string arguments_of(const JobRequest& request) {
  if (!request.spec.range) return base::format_count(request.tasks.value_or(0)) + " tasks";
  const Arithmetic& range = *request.spec.range;
  const bool duration = request.spec.kind == "sleep" || request.spec.kind == "spin";
  if (duration)
    return fmt::format("{} x {}", base::format_count(range.count),
                       base::format_duration(Duration(static_cast<std::int64_t>(range.start))));
  if (range.count == 1) return std::to_string(range.start);
  const std::string text = fmt::format("{}..{}", range.start, range.at(range.count - 1));
  return range.step == 1 ? text : text + ":" + std::to_string(range.step);
}

ExitCode experiment_of(Context& context, const ExperimentOptions& options, JobRequest request) {
  ExperimentWork work{.name = request.spec.kind, .arguments = arguments_of(request), .work = {}, .threads = {}};
  if (request.spec.kind == "fetch") work.threads = kFetchThreads;
  auto made = Work::of(std::move(request));
  if (!made) return context.fail(made.error());
  work.work = *std::move(made);
  if (work.arguments.ends_with(" tasks")) work.arguments = base::format_count(work.work.typed_tasks()) + " tasks";
  Experiment experiment{.kind = work.name, .title = work.name + " " + work.arguments, .works = {}, .server = {}};
  experiment.input_sha256 = work.work.list_sha256();
  experiment.works.push_back(std::move(work));
  return run_experiment(context, options, std::move(experiment));
}

/// n! of 100000, 100001 and 100002, as a number: what Python's math.factorial gives.
Result<Work> article_factorials() {
  JobRequest request;
  request.spec.kind = "factorial";
  request.spec.options = wire::encode(wire::FactorialOptions{.form = wire::FactorialForm::binary});
  request.spec.range = Arithmetic{.start = 100'000, .step = 1, .count = 3};
  request.largest = Largest{.number = 100'002};
  return Work::of(std::move(request));
}

Result<Work> article_fetches(const std::string& url, std::uint64_t count) {
  JobRequest request;
  request.spec.kind = "fetch";
  request.spec.options = wire::encode(wire::FetchOptions{});
  auto task = parse_task(Shape::fetch, url);
  if (!task) return task.error();
  request.source = repeated({*task}, count);
  return Work::of(std::move(request));
}

Result<Experiment> article(const ArticleOptions& options) {
  const std::uint64_t fetches = options.fetches.value_or(50);
  const Duration delay = options.delay.value_or(std::chrono::milliseconds(100));
  Experiment experiment{.kind = "article", .title = "article", .works = {}, .baseline = true, .server = {}};
  if (options.only != "fetch") {
    auto work = article_factorials();
    if (!work) return work.error();
    experiment.works.push_back(
        {.name = "factorial", .arguments = "100000 100001 100002", .work = *std::move(work), .threads = {}});
  }
  if (options.only == "factorial") return experiment;
  base::raise_file_limit();
  auto server = experiment::DelayServer::start(delay);
  if (!server) return server.error();
  experiment.server = *std::move(server);
  auto work = article_fetches(experiment.server->url(), fetches);
  if (!work) return work.error();
  experiment.works.push_back(
      {.name = "fetch",
       .arguments = fmt::format("{} from a local server that answers after {}", fetches, base::format_duration(delay)),
       .work = *std::move(work),
       .threads = kFetchThreads});
  return experiment;
}

/// The command that began the experiment once more, with --resume.
ExitCode resume(Context& context, const ExperimentOptions& options) {
  if (options.resume.empty())
    return context.fail(kUsage,
                        "experiment: name a kind of task, as in: brigade experiment factorial 1..2000, or "
                        "--resume DIR. See: brigade experiment --help");
  const auto folder = experiment::ResultsFolder::open(options.resume);
  if (!folder) return context.fail(folder.error());
  std::vector<std::string> words = folder->measured().manifest.arguments;
  std::vector<std::string> now = experiment::own_arguments();  // with its -o and the like
  std::erase(now, "experiment");
  words.insert(std::find(words.begin(), words.end(), "--"), now.begin(), now.end());
  words.insert(words.begin(), "brigade");
  std::vector<char*> arguments;
  for (std::string& word : words) arguments.push_back(word.data());
  arguments.push_back(nullptr);
  execv("/proc/self/exe", arguments.data());
  return context.fail({ErrorCode::internal, std::string("cannot start this program anew: ") + std::strerror(errno)});
}

void declare_grid(Declare& command, ExperimentOptions& options) {
  command.text({"--modes", "Of serial,threads,processes,coroutines; none: only the baseline", "all four", "LIST"},
               options.modes);
  command.text({"--workers", "Worker processes, as in 1,2,4; of an existing broker so many of its workers",
                "1; mode processes: one per core; a broker's: all", "LIST"},
               options.workers);
  command.text(
      {"--threads", "Threads of each worker, in mode threads", "one per core; fetch: 16; a broker's: all", "LIST"},
      options.threads);
  command.text(
      {"--io-concurrency", "Tasks that each worker has in flight, in mode coroutines", "256; a broker's: all", "LIST"},
      options.io_concurrency);
  command.number({"--tasks", "So many tasks in every cell (strong scaling)", "as typed"}, options.tasks, 1,
                 1'000'000'000);
  command.number({"--tasks-per-worker", "So many tasks for each worker of a cell (weak scaling)", "none"},
                 options.tasks_per_worker, 1, 1'000'000'000);
  command.text(
      {"--sizes", "Sizes of a task: n of factorial, duration of sleep and spin, bytes of echo", "as typed", "LIST"},
      options.sizes);
  command.number({"--repeat", "Measured runs of each cell", "5"}, options.repeat, 1, 10'000);
  command.number({"--warmup", "Runs before each measured one, on the same processes", "1"}, options.warmup, 0, 100);
}

void declare_rest(Declare& command, ExperimentOptions& options) {
  command.choice({"--baseline", "Also run the same work in Python", "none; article: python"}, options.baseline,
                 {"python", "none"});
  command.text({"--baseline-modes", "Of sequential,threading,multiprocessing,asyncio", "all four", "LIST"},
               options.baseline_modes);
  command.text({"--python", "The interpreter of the baseline", "python3", "PROGRAM"}, options.python);
  command.flag({"--private", "Start private clusters even where a broker is known"}, options.private_cluster);
  command.text({"--results", "Folder of the results", "brigade-experiment-KIND-DATE", "DIR"}, options.results);
  command.text({"--resume", "Go on with the experiment in this folder", "none", "DIR"}, options.resume);
  command.flag({"--dry-run", "Print the plan, measure nothing"}, options.dry_run);
}

void declare_article(Declare& command, const std::shared_ptr<ExperimentOptions>& options) {
  auto chosen = std::make_shared<ArticleOptions>();
  Declare sub = command.command(
      "article", "Threads, processes or coroutines? Three factorials and many fetches in every mode, and in Python",
      [options, chosen](Context& context) {
        if (!options->sizes.empty() || options->tasks || options->tasks_per_worker)
          return context.fail(kUsage, "article: its tasks are given; --fetches says how many fetches");
        auto made = article(*chosen);
        if (!made) return context.fail(made.error());
        return run_experiment(context, *options, *std::move(made));
      },
      "ARTICLE_");
  sub.number({"--fetches", "How many", "50"}, chosen->fetches, 1, 100'000);
  sub.duration({"--delay", "After which the local server answers", "100ms"}, chosen->delay);
  sub.choice({"--only", "One of its two workloads", "both"}, chosen->only, {"factorial", "fetch"});
  sub.examples("  brigade experiment article\n  brigade experiment article --only fetch --fetches 1000 --repeat 3\n");
}

}  // namespace

void declare_experiment(Declare& root) {
  auto options = std::make_shared<ExperimentOptions>();
  auto job = std::make_shared<JobOptions>();
  Declare command = root.command(
      "experiment",
      "Measure modes x workers x threads x sizes, repeated: table, CSV, JSON, and a report for the browser",
      [options](Context& context) { return resume(context, *options); }, "EXPERIMENT_");
  declare_grid(command, *options);
  declare_rest(command, *options);
  command.duration({"--timeout", "Limit of one task", "none; fetch 30s"}, job->timeout);
  command.examples(
      "  brigade experiment article\n"
      "  brigade experiment factorial 1..2000 --modes threads --threads 1,2,4 --as digest\n"
      "  brigade experiment spin 5ms --count 400 --workers 1,2,4 --baseline python\n");
  declare_kinds(command, job, false, [options](Context& context, JobRequest request) {
    return experiment_of(context, *options, std::move(request));
  });
  declare_article(command, options);
}

}  // namespace brigade::cli
