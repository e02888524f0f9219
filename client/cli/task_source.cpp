#include "client/cli/task_source.h"

#include <algorithm>

#include "client/cli/request_line.h"
#include "proto/base/text.h"
#include "proto/output/json_text.h"
#include "proto/wire/limits.h"

namespace brigade::cli {
namespace {

constexpr std::size_t kChunkBytes = 2 * wire::kMiB;

Error bad(std::string message) {
  return Error{ErrorCode::invalid, std::move(message)};
}

/// A whole number; where people write 1e9 the error says how it is written here.
Result<std::uint64_t> parse_whole(std::string_view text) {
  auto number = base::parse_number(text);
  if (number) return number;
  const std::size_t e = text.find_first_of("eE");
  if (e == std::string_view::npos) return number;
  const auto mantissa = base::parse_number(text.substr(0, e));
  const auto zeros = base::parse_number(text.substr(e + 1));
  if (!mantissa || *mantissa == 0 || !zeros || *zeros > 18) return number;
  const std::string written = std::to_string(*mantissa) + std::string(*zeros, '0');
  return bad("'" + std::string(text) + "' is not a whole number (write " + written + ")");
}

Result<std::int64_t> parse_step(std::string_view text) {
  const bool down = !text.empty() && text.front() == '-';
  const auto step = base::parse_number(down ? text.substr(1) : text);
  if (!step) return step.error();
  if (*step == 0 || *step > INT64_MAX) return bad("the step of a range is at least 1");
  return down ? -static_cast<std::int64_t>(*step) : static_cast<std::int64_t>(*step);
}

TaskInput number_task(std::uint64_t number) {
  return {.argument = wire::encode_number(number), .number = number, .label = {}};
}

}  // namespace

Result<Arithmetic> parse_range(std::string_view text) {
  const std::size_t dots = text.find("..");
  if (dots == std::string_view::npos) {
    const auto number = parse_whole(text);
    if (!number) return number.error();
    return Arithmetic{.start = *number, .step = 1, .count = 1};
  }
  std::string_view rest = text.substr(dots + 2);
  std::int64_t step = 1;
  if (const std::size_t colon = rest.find(':'); colon != std::string_view::npos) {
    const auto parsed = parse_step(rest.substr(colon + 1));
    if (!parsed) return parsed.error();
    step = *parsed;
    rest = rest.substr(0, colon);
  }
  const auto first = parse_whole(text.substr(0, dots));
  if (!first) return first.error();
  const auto last = parse_whole(rest);
  if (!last) return last.error();
  if (step > 0 ? *last < *first : *last > *first) {
    return bad("the range '" + std::string(text) + "' is empty: write the smaller number first" +
               (step > 0 ? ", or a negative step as in 10..1:-1" : ", or a positive step"));
  }
  const std::uint64_t distance = step > 0 ? *last - *first : *first - *last;
  const std::uint64_t stride = step > 0 ? static_cast<std::uint64_t>(step) : static_cast<std::uint64_t>(-step);
  const std::uint64_t steps = distance / stride;
  if (steps >= wire::kTasksPerJobMax) {
    return bad("the range '" + std::string(text) + "' has more tasks than a job may have (" +
               base::format_count(wire::kTasksPerJobMax) + "); split it");
  }
  return Arithmetic{.start = *first, .step = step, .count = steps + 1};
}

Result<void> check_url(std::string_view url) {
  const std::string shown = "'" + std::string(url.substr(0, 200)) + "'";
  if (url.find('\0') != std::string_view::npos) return bad("a URL has a NUL byte");
  if (!output::is_utf8(url)) return bad("a URL is not UTF-8");
  const bool has_blank =
      std::any_of(url.begin(), url.end(), [](char c) { return static_cast<unsigned char>(c) <= ' ' || c == 0x7F; });
  if (has_blank) return bad(shown + " has a blank or a control character; write %20 for a blank");
  const std::size_t colon = url.find("://");
  if (colon == std::string_view::npos)
    return bad(shown + " is not a URL; write it with its scheme, as in http://example.org/");
  std::string scheme(url.substr(0, colon));
  for (char& c : scheme) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  if (scheme != "http" && scheme != "https") return bad(shown + ": only http and https are fetched, not " + scheme);
  std::string_view host = url.substr(colon + 3);
  host = host.substr(0, host.find_first_of("/?#"));
  if (const std::size_t at = host.rfind('@'); at != std::string_view::npos) host.remove_prefix(at + 1);
  const std::string_view name = !host.empty() && host.front() == '[' ? host : host.substr(0, host.find(':'));
  if (name.empty() || name == "[]") return bad(shown + " has no host");
  return {};
}

Result<TaskInput> parse_task(Shape shape, std::string_view text) {
  switch (shape) {
    case Shape::factorial:
    case Shape::noop: {
      const auto number = parse_whole(text);
      if (!number) return number.error();
      return number_task(*number);
    }
    case Shape::sleep:
    case Shape::spin: {
      const auto duration = base::parse_duration(text);
      if (!duration) return duration.error();
      return number_task(static_cast<std::uint64_t>(duration->count()));
    }
    case Shape::fetch:
      if (is_request_line(text)) {
        const auto request = parse_request_line(text);
        if (!request) return request.error();
        return TaskInput{.argument = wire::encode_fetch_argument(*request), .number = 0, .label = {}};
      }
      if (auto good = check_url(text); !good) return good.error();
      break;
    case Shape::echo:
      if (!output::is_utf8(text)) return bad("a text is not UTF-8");
      break;
    case Shape::other:
      break;
  }
  return TaskInput{.argument = std::string(text), .number = 0, .label = {}};
}

TaskSource numbers_of(std::vector<Arithmetic> ranges) {
  return [ranges = std::move(ranges), range = std::size_t{0},
          index = std::uint64_t{0}]() mutable -> Result<std::optional<TaskInput>> {
    while (range < ranges.size() && index == ranges[range].count) {
      ++range;
      index = 0;
    }
    if (range == ranges.size()) return std::optional<TaskInput>();
    return std::optional<TaskInput>(number_task(ranges[range].at(index++)));
  };
}

TaskSource repeated(std::vector<TaskInput> tasks, std::uint64_t count) {
  return [tasks = std::move(tasks), next = std::size_t{0}, left = count]() mutable -> Result<std::optional<TaskInput>> {
    if (next == tasks.size()) {
      next = 0;
      --left;
    }
    if (left == 0 || tasks.empty()) return std::optional<TaskInput>();
    return std::optional<TaskInput>(tasks[next++]);
  };
}

TaskSource not_empty(TaskSource source, std::string message) {
  return [source = std::move(source), message = std::move(message),
          any = false]() mutable -> Result<std::optional<TaskInput>> {
    auto task = source();
    if (task && !*task && !any) return bad(message);
    any = true;
    return task;
  };
}

TaskSource preceded_by(TaskInput first, TaskSource rest) {
  return
      [first = std::optional(std::move(first)), rest = std::move(rest)]() mutable -> Result<std::optional<TaskInput>> {
        if (first) return std::exchange(first, std::nullopt);
        return rest();
      };
}

client::ChunkSource chunks_of(TaskSource source) {
  return [source = std::move(source), ended = false]() mutable -> Result<std::optional<Chunk>> {
    ValuesBuilder arguments;
    ValuesBuilder labels;
    while (!ended && arguments.rows() < wire::kTasksPerMessageMax && arguments.bytes() + labels.bytes() < kChunkBytes) {
      auto task = source();
      if (!task) return task.error();
      if (!*task) {
        ended = true;
        break;
      }
      arguments.add((*task)->argument);
      const wire::Label& label = (*task)->label;
      labels.add(label.line == 0 && label.tag.empty() && !label.index ? std::string() : wire::encode(label));
    }
    if (arguments.rows() == 0) return std::optional<Chunk>();
    Chunk chunk;
    chunk.count = arguments.rows();
    chunk.arguments = arguments.take();
    chunk.labels = labels.take();
    return std::optional<Chunk>(std::move(chunk));
  };
}

}  // namespace brigade::cli
