// A list of tasks, one per line: `--from FILE|-`.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "client/cli/task_source.h"
#include "proto/base/os.h"
#include "proto/model/result.h"

namespace brigade::cli {

/// Longer lines are refused.
inline constexpr std::size_t kLineBytesMax = 64 * 1024;

struct ListLine {
  std::uint64_t number = 0;  ///< from 1, counting every line of the file
  std::string_view text;     ///< without the line's end and the tag
  std::string_view tag;      ///< what follows the first tab
};

/// Reads lines from a descriptor with one buffer. Skips blank lines and those that begin with '#'; knows "\r\n".
class LineReader {
 public:
  /// `name` is for messages. `interrupt_fd`: reading gives up when it becomes readable; -1: never.
  LineReader(int fd, std::string name, int interrupt_fd)
      : fd_(fd), interrupt_fd_(interrupt_fd), name_(std::move(name)) {}
  /// Valid until the next call.
  Result<std::optional<ListLine>> next();
  /// "FILE, line 7: …"
  Error error_at(std::uint64_t line, const std::string& why) const;
  /// Begin again after the descriptor was set back to its start.
  void restart();

 private:
  Result<std::optional<std::string_view>> next_raw();
  Result<void> fill();

  int fd_;
  int interrupt_fd_;
  std::string name_;
  std::string buffer_;
  std::size_t begin_ = 0;
  bool ended_ = false;
  std::uint64_t number_ = 0;
};

/// A list that was opened and, where it is a file, read once to its end: a bad line is known before anything is
/// submitted. What comes through a pipe is checked while it is uploaded; a bad line then ends the upload.
struct TaskList {
  TaskSource source;
  std::optional<std::uint64_t> tasks;  ///< known for a file
  std::optional<Largest> largest;      ///< likewise
};

/// `path` "-" is standard input. `kind` is for messages.
Result<TaskList> open_list(const std::string& path, const std::string& kind, Shape shape, int interrupt_fd);

}  // namespace brigade::cli
