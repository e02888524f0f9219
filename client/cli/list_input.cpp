#include "client/cli/list_input.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "proto/output/json_text.h"

namespace brigade::cli {
namespace {

constexpr std::size_t kReadBytes = 256 * 1024;
constexpr std::size_t kTagBytesMax = 1024;

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
  return text;
}

/// The descriptor and its reader, shared by the copies of a source.
struct OpenList {
  base::Fd owned;
  int fd = -1;
  std::optional<LineReader> lines;
};

TaskSource tasks_of(std::shared_ptr<OpenList> list, Shape shape) {
  return [list = std::move(list), shape]() -> Result<std::optional<TaskInput>> {
    auto line = list->lines->next();
    if (!line) return line.error();
    if (!*line) return std::optional<TaskInput>();
    const ListLine& found = **line;
    auto task = parse_task(shape, shape == Shape::echo ? found.text : trimmed(found.text));
    if (!task) return list->lines->error_at(found.number, task.error().message);
    if (found.tag.size() > kTagBytesMax)
      return list->lines->error_at(found.number, "its tag is longer than 1024 bytes");
    if (!output::is_utf8(found.tag)) return list->lines->error_at(found.number, "its tag is not UTF-8");
    task->label.line = found.number;
    task->label.tag = found.tag;
    return std::optional<TaskInput>(*std::move(task));
  };
}

/// The first pass over a file: every line is checked, and what is worth knowing is noted.
Result<void> survey(TaskList& list) {
  std::uint64_t tasks = 0;
  Largest largest;
  for (;;) {
    auto task = list.source();
    if (!task) return task.error();
    if (!*task) break;
    ++tasks;
    if ((*task)->number > largest.number) largest = {(*task)->number, (*task)->label.line};
  }
  list.tasks = tasks;
  list.largest = largest;
  return {};
}

}  // namespace

Error LineReader::error_at(std::uint64_t line, const std::string& why) const {
  return Error{ErrorCode::invalid, name_ + ", line " + std::to_string(line) + ": " + why + " (nothing was submitted)"};
}

void LineReader::restart() {
  buffer_.clear();
  begin_ = 0;
  ended_ = false;
  number_ = 0;
}

Result<void> LineReader::fill() {
  buffer_.erase(0, begin_);
  begin_ = 0;
  const std::size_t old = buffer_.size();
  buffer_.resize(old + kReadBytes);
  for (;;) {
    pollfd fds[2] = {{.fd = fd_, .events = POLLIN, .revents = 0},
                     {.fd = interrupt_fd_, .events = POLLIN, .revents = 0}};
    if (poll(fds, 2, -1) >= 0 && (fds[1].revents & POLLIN) != 0) {
      return Error{ErrorCode::cancelled, "interrupted; nothing was submitted"};
    }
    const ssize_t got = read(fd_, buffer_.data() + old, kReadBytes);
    if (got < 0 && (errno == EINTR || errno == EAGAIN)) continue;
    if (got < 0) return Error{ErrorCode::invalid, "cannot read " + name_ + ": " + std::strerror(errno)};
    buffer_.resize(old + static_cast<std::size_t>(got));
    ended_ = got == 0;
    return {};
  }
}

Result<std::optional<std::string_view>> LineReader::next_raw() {
  std::size_t searched = begin_;
  for (;;) {
    const std::size_t end = buffer_.find('\n', searched);
    const std::size_t size = (end == std::string::npos ? buffer_.size() : end) - begin_;
    if (size > kLineBytesMax) return error_at(number_ + 1, "it is longer than 64 KiB");
    if (end != std::string::npos || (ended_ && size > 0)) {
      const std::string_view line = std::string_view(buffer_).substr(begin_, size);
      begin_ = end == std::string::npos ? buffer_.size() : end + 1;
      ++number_;
      return std::optional<std::string_view>(line);
    }
    if (ended_) return std::optional<std::string_view>();
    if (auto filled = fill(); !filled) return filled.error();
    searched = size;  // the line's beginning has moved to the buffer's
  }
}

Result<std::optional<ListLine>> LineReader::next() {
  for (;;) {
    auto raw = next_raw();
    if (!raw) return raw.error();
    if (!*raw) return std::optional<ListLine>();
    std::string_view text = **raw;
    if (!text.empty() && text.back() == '\r') text.remove_suffix(1);
    if (number_ == 1 && text.substr(0, 3) == "\xEF\xBB\xBF") text.remove_prefix(3);  // a byte order mark
    if (trimmed(text).empty() || text.front() == '#') continue;
    const std::size_t tab = text.find('\t');
    const bool tagged = tab != std::string_view::npos;
    return std::optional<ListLine>(ListLine{
        .number = number_, .text = text.substr(0, tab), .tag = tagged ? text.substr(tab + 1) : std::string_view()});
  }
}

Result<TaskList> open_list(const std::string& path, const std::string& kind, Shape shape, int interrupt_fd) {
  auto open_file = std::make_shared<OpenList>();
  const bool standard = path == "-";
  if (!standard) open_file->owned = base::Fd(open(path.c_str(), O_RDONLY | O_CLOEXEC));
  open_file->fd = standard ? STDIN_FILENO : open_file->owned.get();
  struct stat info {};
  if (open_file->fd < 0 || fstat(open_file->fd, &info) != 0) {
    return Error{ErrorCode::invalid, kind + ": cannot read the list " + path + ": " + std::strerror(errno)};
  }
  if (S_ISDIR(info.st_mode)) return Error{ErrorCode::invalid, kind + ": " + path + " is a folder, not a list"};
  open_file->lines.emplace(open_file->fd, standard ? "standard input" : path, interrupt_fd);
  const std::string empty = kind + ": the list " + (standard ? "on standard input" : path) + " names no task";
  TaskList list{.source = tasks_of(open_file, shape), .tasks = {}, .largest = {}};
  if (S_ISREG(info.st_mode)) {
    const off_t start = lseek(open_file->fd, 0, SEEK_CUR);
    if (auto good = survey(list); !good) return good.error();
    if (*list.tasks == 0) return Error{ErrorCode::invalid, empty};
    lseek(open_file->fd, start, SEEK_SET);
    open_file->lines->restart();
  }
  list.source = not_empty(std::move(list.source), empty);
  return list;
}

}  // namespace brigade::cli
