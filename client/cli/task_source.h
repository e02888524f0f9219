// Where the tasks of a job come from: one after another, with bounded memory.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "client/session.h"
#include "proto/model/job.h"
#include "proto/output/row.h"
#include "proto/wire/kinds.h"

namespace brigade::cli {

using output::Shape;

/// One task on its way to the broker.
struct TaskInput {
  std::string argument;      ///< as the wire has it
  std::uint64_t number = 0;  ///< the same where it is a number
  wire::Label label;
};

/// The largest number among a job's tasks, and the line of the list that has it; 0: it is of no list.
struct Largest {
  std::uint64_t number = 0;
  std::uint64_t line = 0;
  bool operator==(const Largest&) const = default;
};

/// The next task; nullopt at the end. An error names the line or word at fault, and the submit ends with it.
using TaskSource = std::function<Result<std::optional<TaskInput>>()>;

/// "7", "A..B" or "A..B:STEP", both ends inclusive (the last one only where the step meets it). The error is a sentence
/// without the kind's name.
Result<Arithmetic> parse_range(std::string_view text);

/// A word as the argument of one task; `line` for messages is added by the caller.
Result<TaskInput> parse_task(Shape shape, std::string_view text);
/// http or https with a host, no blanks, no control characters.
Result<void> check_url(std::string_view url);

/// All numbers of these ranges, one range after another.
TaskSource numbers_of(std::vector<Arithmetic> ranges);
/// These tasks, each `count` times in turn: a b a b a b.
TaskSource repeated(std::vector<TaskInput> tasks, std::uint64_t count);

/// An empty source is an error: a job has at least one task.
TaskSource not_empty(TaskSource source, std::string message);
/// A task that was taken from `rest` already, and then the rest.
TaskSource preceded_by(TaskInput first, TaskSource rest);

/// Packs tasks into chunks of a size that suits the network.
client::ChunkSource chunks_of(TaskSource source);

}  // namespace brigade::cli
