#include "client/cli/experiment_work.h"

#include <fmt/format.h>

#include <cstring>

#include "client/content_hash.h"
#include "proto/base/text.h"
#include "proto/wire/kinds.h"
#include "proto/wire/limits.h"

namespace brigade::cli {
namespace {

constexpr std::uint64_t kListMax = 10'000'000;    // arguments that are kept in memory
constexpr std::uint64_t kPythonMax = 20'000'000;  // likewise, in the baseline
// Factorials so far apart are computed each for itself: none is made from its neighbour.
constexpr std::int64_t kFactorialStep = 129;

Error bad(const std::string& message) {
  return Error{ErrorCode::invalid, message};
}

bool is_duration(const std::string& kind) {
  return kind == "sleep" || kind == "spin";
}

/// The number that a task's argument is, with the size that was asked for.
std::uint64_t number_of_size(const std::string& kind, const std::string& size) {
  if (!is_duration(kind)) return base::parse_number(size) ? *base::parse_number(size) : 0;
  const auto duration = base::parse_duration(size);
  return duration ? static_cast<std::uint64_t>(duration->count()) : 0;
}

}  // namespace

Result<Work> Work::of(JobRequest request) {
  Work work;
  work.spec_ = std::move(request.spec);
  if (work.spec_.range) {
    work.typed_tasks_ = work.spec_.range->count;
    work.largest_ = request.largest ? request.largest->number : work.spec_.range->at(0);
    return work;
  }
  for (;;) {
    auto task = request.source();
    if (!task) return task.error();
    if (!*task) break;
    if (work.arguments_.size() == kListMax)
      return bad(work.spec_.kind + ": an experiment keeps at most " + base::format_count(kListMax) +
                 " arguments; take a part of the list, or a range");
    work.largest_ = std::max(work.largest_, (*task)->number);
    work.arguments_.push_back(std::move((*task)->argument));
  }
  work.typed_tasks_ = work.arguments_.size();
  return work;
}

std::string Work::list_sha256() const {
  if (spec_.range) return {};
  client::ContentHasher hasher(spec_);
  for (const std::string& argument : arguments_) {
    ValuesBuilder value;
    value.add(argument);
    hasher.add(1, value.take());
  }
  std::string text;
  for (const std::uint8_t byte : hasher.finish()) text += fmt::format("{:02x}", byte);
  return text;
}

Result<void> Work::check_size(const std::string& size) const {
  const std::string& kind = spec_.kind;
  if (kind == "factorial" || kind == "echo") {
    if (const auto number = base::parse_number(size); !number) return bad("--sizes: " + number.error().message);
    if (kind == "echo" && *base::parse_number(size) > wire::kMiB)
      return bad("--sizes: an echo has at most 1048576 bytes");
    return {};
  }
  if (is_duration(kind)) {
    const auto duration = base::parse_duration(size);
    return duration ? Result<void>() : bad("--sizes: " + duration.error().message);
  }
  return bad("--sizes: tasks of kind " + kind + " have no size; it goes with factorial, sleep, spin and echo");
}

std::optional<Arithmetic> Work::range_of(const experiment::Cell& cell) const {
  if (!cell.size.empty()) {
    if (spec_.kind == "echo") return std::nullopt;
    const std::int64_t step = is_duration(spec_.kind) ? 0 : kFactorialStep;
    return Arithmetic{.start = number_of_size(spec_.kind, cell.size), .step = step, .count = cell.tasks};
  }
  if (!spec_.range) return std::nullopt;
  return Arithmetic{.start = spec_.range->start, .step = spec_.range->step, .count = cell.tasks};
}

JobSpec Work::spec_of(const experiment::Cell& cell) const {
  JobSpec spec = spec_;
  spec.mode = parse_mode(cell.mode).value_or(Mode::automatic);
  spec.range = range_of(cell);
  if (!cell.size.empty()) spec.trend = CostTrend::flat;
  return spec;
}

std::string Work::argument_of(const experiment::Cell& cell, std::uint64_t index) const {
  if (!cell.size.empty()) return std::string(number_of_size(spec_.kind, cell.size), 'x');
  return arguments_[index % arguments_.size()];
}

client::ChunkSource Work::chunks_of(const experiment::Cell& cell) const {
  TaskSource source = [this, cell, next = std::uint64_t{0}]() mutable -> Result<std::optional<TaskInput>> {
    if (next == cell.tasks) return std::optional<TaskInput>();
    return std::optional(TaskInput{.argument = argument_of(cell, next++), .label = {}});
  };
  return cli::chunks_of(std::move(source));
}

Result<experiment::Json> Work::python_arguments(const experiment::Cell& cell) const {
  if (cell.tasks > kPythonMax)
    return bad("the Python baseline keeps a list of all arguments: at most " + base::format_count(kPythonMax) +
               " tasks");
  experiment::Json arguments = experiment::Json::array();
  const std::optional<Arithmetic> range = range_of(cell);
  for (std::uint64_t index = 0; index < cell.tasks; ++index) {
    if (range) {
      arguments.push_back(range->at(index));
      continue;
    }
    const std::string argument = argument_of(cell, index);
    if (spec_.kind == "fetch") {
      const auto request = wire::decode_fetch_argument(argument);
      if (!request || request->method != "" || !request->headers.empty())
        return bad("the Python baseline fetches with GET and no headers of its own; leave out --baseline");
      arguments.push_back(request->url);
    } else if (output::has_numeric_argument(output::shape_of(spec_.kind)) && argument.size() == sizeof(std::uint64_t)) {
      std::uint64_t number = 0;
      std::memcpy(&number, argument.data(), sizeof number);
      arguments.push_back(number);
    } else {
      arguments.push_back(argument);
    }
  }
  return arguments;
}

std::string Work::form() const {
  if (spec_.kind != "factorial") return {};
  const auto options = wire::decode_factorial_options(spec_.options);
  using enum wire::FactorialForm;
  switch (options ? options->form : decimal) {
    case hex:
      return "hex";
    case binary:
      return "binary";
    case digits:
      return "digits";
    case digest:
      return "digest";
    case decimal:
      return "decimal";
  }
  return "decimal";
}

}  // namespace brigade::cli
