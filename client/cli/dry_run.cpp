#include "client/cli/dry_run.h"

#include <algorithm>

#include "proto/base/text.h"
#include "worker/kinds/factorial/needs.h"
#include "worker/kinds/factorial/size.h"

namespace brigade::cli {
namespace {

/// Sizes of a range's results are added up exactly for so many; of a longer one, of that many spread over it.
constexpr std::uint64_t kAddedUp = 100'000;

struct Plan {
  std::uint64_t tasks = 0;
  std::uint64_t argument_bytes = 0;  ///< of a list; a range has none
  std::uint64_t largest = 0;
  double result_bytes = 0;  ///< of factorials
};

class Planner {
 public:
  explicit Planner(const JobSpec& spec) {
    if (spec.kind != "factorial") return;
    if (auto options = wire::decode_factorial_options(spec.options)) factorial_ = *options;
  }

  Result<Plan> plan(JobRequest& request) {
    if (request.spec.range)
      add(*request.spec.range);
    else if (factorial_ && factorial_->split)
      add(Arithmetic{.start = factorial_->split->n, .step = 0, .count = 1});
    else if (auto added = add(request.source); !added)
      return added.error();
    return plan_;
  }
  const std::optional<wire::FactorialOptions>& factorial() const { return factorial_; }

 private:
  double bytes_of(std::uint64_t n) const {
    return factorial_ ? static_cast<double>(worker::answer_bytes_of_factorial(n, factorial_->form)) : 0;
  }
  void add(const Arithmetic& range) {
    plan_.tasks = range.count;
    plan_.largest = std::max(range.at(0), range.at(range.count - 1));
    const std::uint64_t looked_at = std::min(range.count, kAddedUp);
    const double each = static_cast<double>(range.count) / static_cast<double>(looked_at);
    for (std::uint64_t i = 0; i < looked_at && factorial_; ++i) {
      const auto index = static_cast<std::uint64_t>((static_cast<double>(i) + 0.5) * each);
      plan_.result_bytes += each * bytes_of(range.at(std::min(index, range.count - 1)));
    }
  }
  Result<void> add(TaskSource& source) {
    for (;;) {
      auto task = source();
      if (!task) return task.error();
      if (!*task) return {};
      ++plan_.tasks;
      plan_.argument_bytes += (*task)->argument.size();
      plan_.largest = std::max(plan_.largest, (*task)->number);
      plan_.result_bytes += bytes_of((*task)->number);
    }
  }

  Plan plan_;
  std::optional<wire::FactorialOptions> factorial_;
};

/// Of n!, good to one or two; a number beyond the bound is nobody's to compute.
std::uint64_t digits_of(std::uint64_t n) {
  return static_cast<std::uint64_t>(std::min(worker::log10_factorial(n), 1e18L)) + 1;
}

/// Of a split factorial, whose options are those of the merge.
std::uint64_t memory_of_part(std::uint64_t n, wire::FactorialOptions options) {
  options.split->merge = false;
  return worker::memory_of_factorial(n, options);
}

std::string as_table(const JobSpec& spec, const Plan& plan, const std::optional<wire::FactorialOptions>& factorial) {
  std::string text = base::format_count(plan.tasks) + (plan.tasks == 1 ? " task of " : " tasks of ") + spec.kind + "\n";
  if (plan.argument_bytes > 0) text += "arguments        " + base::format_size(plan.argument_bytes) + "\n";
  if (!factorial) return text;
  text += "largest          " + base::format_count(plan.largest) + "!, " + base::format_count(digits_of(plan.largest)) +
          " digits\n";
  text += "results          about " + base::format_size(static_cast<std::uint64_t>(plan.result_bytes)) + "\n";
  if (factorial->split)
    text += "memory           up to " + base::format_size(memory_of_part(plan.largest, *factorial)) + " for each of " +
            std::to_string(factorial->split->parts) + " parts, then up to " +
            base::format_size(worker::memory_of_factorial(plan.largest, *factorial)) + " where they are merged\n";
  else
    text += "memory           up to " + base::format_size(worker::memory_of_factorial(plan.largest, *factorial)) +
            " for each task that runs\n";
  return text;
}

std::string as_json(const JobSpec& spec, const Plan& plan, const std::optional<wire::FactorialOptions>& factorial) {
  std::string text = "{\"kind\":\"" + spec.kind + "\",\"tasks\":" + std::to_string(plan.tasks) +
                     ",\"argument_bytes\":" + std::to_string(plan.argument_bytes);
  if (factorial) {
    text += ",\"largest\":" + std::to_string(plan.largest) +
            ",\"digits_of_largest\":" + std::to_string(digits_of(plan.largest)) +
            ",\"result_bytes\":" + std::to_string(static_cast<std::uint64_t>(plan.result_bytes)) +
            ",\"memory_per_task_bytes\":" + std::to_string(worker::memory_of_factorial(plan.largest, *factorial));
    if (factorial->split)
      text += ",\"parts\":" + std::to_string(factorial->split->parts) +
              ",\"memory_per_part_bytes\":" + std::to_string(memory_of_part(plan.largest, *factorial));
  }
  return text + "}\n";
}

}  // namespace

ExitCode dry_run(Context& context, JobRequest request) {
  Planner planner(request.spec);
  auto plan = planner.plan(request);
  if (!plan) return context.fail(plan.error());
  const output::Format format = context.format();
  if (format == output::Format::quiet) return kOk;
  if (format == output::Format::csv)
    return context.fail(kUsage, "--dry-run prints no CSV; use -o table, json or ndjson");
  if (format == output::Format::table) return context.print(as_table(request.spec, *plan, planner.factorial()));
  return context.print(as_json(request.spec, *plan, planner.factorial()));
}

}  // namespace brigade::cli
