#include "client/cli/job_options.h"

#include "proto/base/text.h"
#include "proto/wire/limits.h"

namespace brigade::cli {
namespace {

constexpr std::uint32_t kFetchRetries = 2;
constexpr Duration kFetchTimeout = std::chrono::seconds(30);
constexpr Duration kBackoff = std::chrono::milliseconds(250);

Result<void> check_text(const std::string& option, const std::string& text) {
  if (text.size() > wire::kNameBytesMax) {
    return Error{ErrorCode::invalid, option + " is longer than " + std::to_string(wire::kNameBytesMax) + " bytes"};
  }
  return {};
}

}  // namespace

void declare_job_options(Declare& command, JobOptions& options) {
  command.choice({"--mode",
                  "Where tasks run: on threads, one per worker process, as coroutines of the I/O loop, one "
                  "after another, or as the kind prefers"},
                 options.mode, {"auto", "serial", "threads", "processes", "coroutines"});
  command.duration({"--timeout", "Limit of one execution of a task", "fetch 30s, others the worker's --time-limit"},
                   options.timeout);
  command.duration({"--deadline", "Limit of the whole job; what is not done by then is cancelled", "none"},
                   options.deadline);
  command.number({"--retries", "Executions after the first one failed", "fetch 2, others 0"}, options.retries, 0, 1000);
  command.duration({"--backoff", "Wait before the first retry; doubles with each", "250ms"}, options.backoff);
  command.text({"--max-fails", "Cancel the rest when more tasks than this have failed: N, or P% of all", "", "N|P%"},
               options.max_fails);
  command.integer({"--priority", "Higher runs first among your jobs", "0"}, options.priority, -1000, 1000);
  command.number({"--max-workers", "Workers that may have tasks of it at a time", "all that are connected"},
                 options.max_workers, 1, wire::kWorkersMax);
  command.number(
      {"--per-worker", "Tasks of it that one worker may run at once", "as many as it has threads or transfers"},
      options.per_worker, 1, wire::kSlotsMax);
  command.flag({"--hedge",
                "Near the end, run tasks that take much longer than the others a second time on an idle worker; the "
                "first result counts"},
               options.hedge);
  command.text({"--name", "A name for people, usable in place of the job's id"}, options.name);
  command.text({"--key", "Makes the submit idempotent: the same key and tasks are the same job", "random"},
               options.key);
}

Result<FailLimit> parse_fail_limit(const std::string& text) {
  if (text.empty()) return FailLimit{};
  const bool percent = text.back() == '%';
  const auto number = base::parse_number(percent ? text.substr(0, text.size() - 1) : text);
  if (!number || (percent && *number > 100)) {
    return Error{ErrorCode::invalid,
                 "--max-fails: '" + text + "' is neither a number of tasks nor a share (3, or 10%)"};
  }
  return FailLimit{.unit = percent ? FailLimit::Unit::percent : FailLimit::Unit::count, .value = *number};
}

Result<void> apply_job_options(const JobOptions& options, JobSpec& spec) {
  const bool fetch = spec.kind == "fetch";
  auto limit = parse_fail_limit(options.max_fails);
  if (!limit) return limit.error();
  if (auto good = check_text("--name", options.name); !good) return good;
  if (auto good = check_text("--key", options.key); !good) return good;
  if (parse_job_id(options.name) || options.name == "last") {
    return Error{ErrorCode::invalid, "--name: '" + options.name + "' would be taken for another job; choose a word"};
  }
  if (options.hedge && spec.limits.any()) {
    return Error{
        ErrorCode::invalid,
        "--hedge does not go with --rate, --per-host and --host-rate: what waits for its turn would look like a "
        "straggler; leave one of them out"};
  }
  spec.mode = parse_mode(options.mode).value_or(Mode::automatic);
  spec.task_timeout = options.timeout.value_or(fetch ? kFetchTimeout : Duration(0));
  spec.deadline = options.deadline.value_or(Duration(0));
  spec.retries = options.retries ? static_cast<std::uint32_t>(*options.retries) : fetch ? kFetchRetries : 0;
  spec.backoff = options.backoff.value_or(kBackoff);
  spec.max_fails = *limit;
  spec.hedge = options.hedge;
  spec.ceilings = {.workers = static_cast<std::uint32_t>(options.max_workers.value_or(0)),
                   .per_worker = static_cast<std::uint32_t>(options.per_worker.value_or(0))};
  spec.priority = static_cast<std::int32_t>(options.priority.value_or(0));
  spec.name = options.name;
  spec.key = options.key;
  return {};
}

}  // namespace brigade::cli
