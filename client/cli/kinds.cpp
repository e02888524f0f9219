#include "client/cli/kinds.h"

#include <algorithm>

#include "client/cli/fetch_options.h"
#include "client/cli/list_input.h"
#include "client/cli/split.h"
#include "proto/base/text.h"

namespace brigade::cli {
namespace {

/// What all kinds take: words, or a list of them.
struct Words {
  std::vector<std::string> words;
  std::string from;
  std::optional<std::uint64_t> count;
};

Error bad(const std::string& kind, const std::string& why) {
  return Error{ErrorCode::invalid, kind + ": " + why};
}

Result<void> check_presence(const std::string& kind, const Words& words, const std::string& example) {
  if (words.words.empty() && words.from.empty()) {
    return bad(kind, "nothing to do; for example: brigade run " + kind + " " + example);
  }
  if (!words.words.empty() && !words.from.empty()) return bad(kind, "give either arguments or --from, not both");
  return {};
}

Result<void> take_list(JobRequest& request, const Words& words, Shape shape, int interrupt_fd) {
  auto list = open_list(words.from, request.spec.kind, shape, interrupt_fd);
  if (!list) return list.error();
  request.source = std::move(list->source);
  request.tasks = list->tasks;
  if (output::has_numeric_argument(shape)) request.largest = list->largest;
  return {};
}

std::uint64_t largest_of(const Arithmetic& range) {
  return std::max(range.at(0), range.at(range.count - 1));
}

void take_range(JobRequest& request, const Arithmetic& range, bool dearer) {
  request.spec.range = range;
  if (dearer && range.count > 1) request.spec.trend = range.step > 0 ? CostTrend::rising : CostTrend::falling;
}

/// factorial and noop: numbers and ranges.
Result<JobRequest> numbers_request(const std::string& kind, const Words& words, int interrupt_fd) {
  JobRequest request;
  request.spec.kind = kind;
  if (auto present = check_presence(kind, words, "1..10"); !present) return present.error();
  if (!words.from.empty()) {
    if (auto taken = take_list(request, words, output::shape_of(kind), interrupt_fd); !taken) return taken.error();
    return request;
  }
  std::vector<Arithmetic> ranges;
  request.tasks = 0;
  request.largest = Largest{};
  for (const std::string& word : words.words) {
    auto range = parse_range(word);
    if (!range) return bad(kind, range.error().message);
    *request.tasks += range->count;
    request.largest->number = std::max(request.largest->number, largest_of(*range));
    ranges.push_back(*range);
  }
  if (ranges.size() == 1) take_range(request, ranges.front(), kind == "factorial");
  request.source = numbers_of(std::move(ranges));
  return request;
}

/// sleep and spin: durations, each as often as --count says.
Result<JobRequest> durations_request(const std::string& kind, const Words& words, int interrupt_fd) {
  JobRequest request;
  request.spec.kind = kind;
  const Shape shape = output::shape_of(kind);
  if (auto present = check_presence(kind, words, "10ms --count 100"); !present) return present.error();
  if (!words.from.empty()) {
    if (words.count) return bad(kind, "--count goes with durations, not with --from");
    if (auto taken = take_list(request, words, shape, interrupt_fd); !taken) return taken.error();
    return request;
  }
  const std::uint64_t count = words.count.value_or(1);
  std::vector<TaskInput> tasks;
  for (const std::string& word : words.words) {
    auto task = parse_task(shape, word);
    if (!task) return bad(kind, task.error().message);
    tasks.push_back(*std::move(task));
  }
  if (tasks.size() == 1) {
    take_range(request, Arithmetic{.start = tasks.front().number, .step = 0, .count = count}, false);
  }
  request.tasks = count * tasks.size();
  request.source = repeated(std::move(tasks), count);
  return request;
}

/// fetch and echo.
Result<JobRequest> texts_request(const std::string& kind, const Words& words, int interrupt_fd) {
  JobRequest request;
  request.spec.kind = kind;
  const Shape shape = output::shape_of(kind);
  const std::string example = shape == Shape::fetch ? "http://example.org/" : "hello";
  if (auto present = check_presence(kind, words, example); !present) return present.error();
  if (!words.from.empty()) {
    if (auto taken = take_list(request, words, shape, interrupt_fd); !taken) return taken.error();
    return request;
  }
  std::vector<TaskInput> tasks;
  for (const std::string& word : words.words) {
    auto task = parse_task(shape, word);
    if (!task) return bad(kind, task.error().message);
    tasks.push_back(*std::move(task));
  }
  request.tasks = tasks.size();
  request.source = repeated(std::move(tasks), 1);
  return request;
}

/// One kind under construction: what is typed, how it becomes a request, what happens with it.
struct KindEntry {
  std::string name, help, argument, argument_help, examples;
  std::function<Result<JobRequest>(const std::string&, const Words&, int)> make;
  std::function<Result<void>(JobRequest&)> finish{};
};

Declare declare_kind(Declare& command, KindEntry entry, const std::shared_ptr<Words>& words,
                     const std::shared_ptr<JobOptions>& options, const UseRequest& use) {
  std::string scope;
  for (const char c : entry.name) scope += static_cast<char>(c - 'a' + 'A');
  const auto run = [entry, words, options, use](Context& context) {
    auto request = entry.make(entry.name, *words, context.signals().fd());
    if (!request) return context.fail(request.error());
    if (entry.finish) {
      if (auto finished = entry.finish(*request); !finished) {
        return context.fail(bad(entry.name, finished.error().message));
      }
    }
    if (auto applied = apply_job_options(*options, request->spec); !applied) return context.fail(applied.error());
    return use(context, *std::move(request));
  };
  Declare kind = command.command(entry.name, entry.help, run, scope + "_");
  kind.words(entry.argument, entry.argument_help, words->words);
  kind.examples(entry.examples);
  if (entry.name != "noop") {
    kind.text({"--from", "Read the tasks from a file or standard input (-), one per line; a tag may follow a tab", "",
               "FILE|-"},
              words->from);
  }
  return kind;
}

void declare_factorial(Declare& command, const std::shared_ptr<JobOptions>& options, bool waits,
                       const UseRequest& use) {
  struct Form {
    std::string as = "decimal";
    bool verify = false;
    std::optional<std::uint64_t> split;
  };
  auto form = std::make_shared<Form>();
  auto words = std::make_shared<Words>();
  const auto finish = [form](JobRequest& request) -> Result<void> {
    using enum wire::FactorialForm;
    const wire::FactorialForm as = form->as == "hex"      ? hex
                                   : form->as == "binary" ? binary
                                   : form->as == "digits" ? digits
                                   : form->as == "digest" ? digest
                                                          : decimal;
    wire::FactorialOptions chosen{.form = as, .verify = form->verify};
    if (form->split) {
      if (auto planned = plan_split(request, chosen, *form->split); !planned) return planned;
    }
    request.spec.options = wire::encode(chosen);
    return {};
  };
  Declare kind = declare_kind(command,
                              {.name = "factorial",
                               .help = "n! for each number, exactly",
                               .argument = "N",
                               .argument_help = "Numbers, or ranges A..B or A..B:STEP, both ends inclusive",
                               .examples = "  brigade run factorial 100000 100001 100002 --as digest\n"
                                           "  brigade run factorial 1..2000 -o csv --out factorials.csv\n",
                               .make = numbers_request,
                               .finish = finish},
                              words, options, use);
  kind.choice({"--as", "How n! is given back; the number of digits always is"}, form->as,
              {"decimal", "hex", "binary", "digits", "digest"});
  kind.flag({"--verify", "The worker checks each result by another way of computing it"}, form->verify);
  if (waits)
    kind.number(
        {"--split", "One huge factorial in so many parts, on all workers; then one worker merges them. Checked", "off"},
        form->split, 2, wire::kFactorialPartsMax);
}

void declare_fetch(Declare& command, const std::shared_ptr<JobOptions>& options, bool save, const UseRequest& use) {
  auto words = std::make_shared<Words>();
  auto fetch = std::make_shared<FetchWishes>();
  const auto finish = [fetch](JobRequest& request) -> Result<void> {
    auto encoded = fetch_options_of(*fetch);
    if (!encoded) return encoded.error();
    request.spec.options = wire::encode(*encoded);
    auto limits = fetch_limits_of(*fetch);
    if (!limits) return limits.error();
    request.spec.limits = *limits;
    request.show_body = fetch->body;
    request.save_folder = fetch->save;
    return {};
  };
  Declare kind = declare_kind(command,
                              {.name = "fetch",
                               .help = "HTTP requests",
                               .argument = "URL",
                               .argument_help = "http:// or https:// URLs",
                               .examples = "  brigade run fetch http://example.org/ -o json\n"
                                           "  brigade run fetch --from urls.txt --save bodies --retries 5\n",
                               .make = texts_request,
                               .finish = finish},
                              words, options, use);
  declare_fetch_options(kind, *fetch, save);
}

void declare_durations(Declare& command, const std::string& name, const std::string& help,
                       const std::shared_ptr<JobOptions>& options, const UseRequest& use) {
  auto words = std::make_shared<Words>();
  Declare kind = declare_kind(command,
                              {.name = name,
                               .help = help,
                               .argument = "DURATION",
                               .argument_help = "Durations with a unit: 500ms, 2s",
                               .examples = "  brigade run " + name + " 100ms --count 20 --threads 4\n",
                               .make = durations_request},
                              words, options, use);
  kind.number({"--count", "As many tasks of each duration", "1"}, words->count, 1, 1'000'000'000'000);
}

}  // namespace

void declare_kinds(Declare& command, const std::shared_ptr<JobOptions>& options, bool waits, const UseRequest& use) {
  declare_factorial(command, options, waits, use);
  declare_fetch(command, options, waits, use);
  declare_kind(command,
               {.name = "noop",
                .help = "Tasks that answer with their own number: what the runner itself costs",
                .argument = "A..B",
                .argument_help = "A range, both ends inclusive (or numbers)",
                .examples = "  brigade run noop 0..999999 -o quiet\n",
                .make = numbers_request},
               std::make_shared<Words>(), options, use);
  declare_durations(command, "sleep", "Tasks that wait for a time", options, use);
  declare_durations(command, "spin", "Tasks that burn CPU time of their thread", options, use);
  declare_kind(command,
               {.name = "echo",
                .help = "Tasks that answer with their text",
                .argument = "TEXT",
                .argument_help = "Texts",
                .examples = "  brigade run echo hello world\n",
                .make = texts_request},
               std::make_shared<Words>(), options, use);
}

}  // namespace brigade::cli
