#include "client/cli/resume.h"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cmath>
#include <cstring>
#include <fstream>
#include <limits>
#include <nlohmann/json.hpp>
#include <optional>

#include "client/cli/request_line.h"

namespace brigade::cli {
namespace {

Error bad(std::string message) {
  return Error{ErrorCode::invalid, std::move(message)};
}

/// "args" of a fetch are a request line, but that headers are an array and a body that is no text is in base64.
std::optional<std::string> fetch_argument_of(const nlohmann::json& arguments) {
  const auto request = parse_request_line(arguments.dump());
  if (!request) return std::nullopt;
  return wire::encode_fetch_argument(*request);
}

/// The argument of a result's line as the wire has it; nullopt where it is not one of this kind.
std::optional<std::string> argument_of(const nlohmann::json& arguments, Shape shape) {
  if (shape == Shape::fetch) return fetch_argument_of(arguments);
  const char* name = shape == Shape::echo                            ? "text"
                     : shape == Shape::sleep || shape == Shape::spin ? "duration_ms"
                                                                     : "n";
  const auto found = arguments.find(name);
  if (found == arguments.end()) return std::nullopt;
  if (shape == Shape::echo) {
    if (!found->is_string()) return std::nullopt;
    return found->get<std::string>();
  }
  if (!found->is_number()) return std::nullopt;
  if (shape == Shape::factorial || shape == Shape::noop) return wire::encode_number(found->get<std::uint64_t>());
  return wire::encode_number(static_cast<std::uint64_t>(std::llround(found->get<double>() * 1e6)));
}

/// Whether another process writes the partial file just now (see output::Sink).
bool is_being_written(const std::string& part) {
  const base::Fd file(::open(part.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW));
  return file && flock(file.get(), LOCK_SH | LOCK_NB) != 0;
}

}  // namespace

Result<EarlierResults> EarlierResults::open(const std::filesystem::path& file, const std::string& kind) {
  EarlierResults earlier;
  earlier.shape_ = output::shape_of(kind);
  // Several interrupted runs leave several partial files; each is kept until the output stands.
  const std::string part = file.string() + ".part";
  int next = 1;
  const auto numbered = [&part](int number) { return part + "." + std::to_string(number); };
  while (access(numbered(next).c_str(), F_OK) == 0) earlier.partial_.emplace_back(numbered(next++));
  if (is_being_written(part)) return bad("another brigade is writing " + file.string() + "; wait for it");
  if (access(part.c_str(), F_OK) == 0) {
    if (rename(part.c_str(), numbered(next).c_str()) != 0)
      return bad("cannot rename " + part + ": " + std::strerror(errno));
    earlier.partial_.emplace_back(numbered(next));
  }
  if (access(file.c_str(), F_OK) == 0) {
    if (auto read = earlier.read_file(file, kind); !read) return read.error();
  }
  for (const auto& partial : earlier.partial_) {
    if (auto read = earlier.read_file(partial, kind); !read) return read.error();
  }
  auto& entries = earlier.entries_;
  std::stable_sort(entries.begin(), entries.end(), [](const Entry& a, const Entry& b) { return a.index < b.index; });
  const auto same = [](const Entry& a, const Entry& b) { return a.index == b.index; };
  entries.erase(std::unique(entries.begin(), entries.end(), same), entries.end());
  return earlier;
}

Result<void> EarlierResults::read_file(const std::filesystem::path& path, const std::string& kind) {
  files_.emplace_back(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW));
  std::ifstream file(path, std::ios::binary);
  if (!files_.back() || !file) return bad("cannot read " + path.string() + ": " + std::strerror(errno));
  std::uint64_t offset = 0;
  std::uint64_t number = 0;
  for (std::string line; std::getline(file, line);) {
    ++number;
    if (file.eof()) break;  // without its end: cut off in the middle
    bool good = false;
    if (auto taken = take_line(line, offset, kind, good); !taken) return taken;
    if (!good) {
      return bad(path.string() + ", line " + std::to_string(number) + ": not a result of " + kind +
                 " as NDJSON; --resume goes on with a file that the same command has written");
    }
    offset += line.size() + 1;
  }
  return {};
}

Result<void> EarlierResults::take_line(const std::string& line, std::uint64_t offset, const std::string& kind,
                                       bool& good) {
  const auto json = nlohmann::json::parse(line, nullptr, false);
  if (!json.is_object() || json.value("kind", "") != kind) return {};
  const auto index = json.find("index");
  const auto arguments = json.find("args");
  if (index == json.end() || !index->is_number_unsigned() || arguments == json.end()) return {};
  good = true;
  if (json.value("status", "") != "ok") return {};
  const auto argument = argument_of(*arguments, shape_);
  good = argument.has_value();
  if (!good) return {};
  entries_.push_back({.index = index->get<std::uint64_t>(),
                      .argument_hash = std::hash<std::string>{}(*argument),
                      .file = files_.size() - 1,
                      .offset = offset,
                      .size = line.size() + 1});
  return {};
}

TaskSource EarlierResults::missing(TaskSource source) {
  return [this, source = std::move(source), index = std::uint64_t{0},
          at = std::size_t{0}]() mutable -> Result<std::optional<TaskInput>> {
    for (;; ++index) {
      auto task = source();
      if (!task || !*task) return task;
      while (at < entries_.size() && entries_[at].index < index) ++at;
      if (at == entries_.size() || entries_[at].index != index) {
        (*task)->label.index = index++;
        return task;
      }
      if (entries_[at].argument_hash != std::hash<std::string>{}((*task)->argument)) {
        return bad("task " + std::to_string(index) +
                   " has other arguments in the file than now: it belongs to another input; choose another --out");
      }
    }
  };
}

Result<void> EarlierResults::append_until(std::uint64_t end, std::string& out) {
  for (; appended_ < entries_.size() && entries_[appended_].index < end; ++appended_) {
    const Entry& entry = entries_[appended_];
    const std::size_t old = out.size();
    out.resize(old + entry.size);
    const ssize_t got = pread(files_[entry.file].get(), out.data() + old, entry.size, static_cast<off_t>(entry.offset));
    if (got != static_cast<ssize_t>(entry.size)) return bad("cannot read the earlier results again");
  }
  return {};
}

void EarlierResults::forget_partial_files() const {
  for (const auto& partial : partial_) unlink(partial.c_str());
}

}  // namespace brigade::cli
