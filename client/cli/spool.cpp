#include "client/cli/spool.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>

namespace brigade::cli {
namespace {

constexpr std::size_t kBufferBytes = std::size_t{1} << 20;

Error trouble(const char* what) {
  return Error{ErrorCode::invalid, std::string("cannot ") + what + " a temporary file: " + std::strerror(errno) +
                                       "; set TMPDIR to a folder with room"};
}

void append_size(std::string& out, std::size_t size) {
  const auto value = static_cast<std::uint32_t>(size);
  out.append(reinterpret_cast<const char*>(&value), sizeof value);
}

}  // namespace

Result<std::shared_ptr<Spool>> Spool::create() {
  const char* wish = std::getenv("TMPDIR");
  const std::string folder = wish != nullptr && *wish != '\0' ? wish : "/tmp";
  auto spool = std::make_shared<Spool>();
  spool->file_ = base::Fd(open(folder.c_str(), O_TMPFILE | O_RDWR | O_CLOEXEC, 0600));
  if (!spool->file_) {
    std::string name = folder + "/brigade-XXXXXX";
    spool->file_ = base::Fd(mkostemp(name.data(), O_CLOEXEC));
    if (!spool->file_) return trouble("make");
    unlink(name.c_str());
  }
  return spool;
}

Result<void> Spool::flush() {
  std::string_view rest = buffer_;
  while (!rest.empty()) {
    const ssize_t written = write(file_.get(), rest.data(), rest.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return trouble("write");
    rest.remove_prefix(static_cast<std::size_t>(written));
  }
  buffer_.clear();
  return {};
}

Result<void> Spool::add(std::string_view argument, const wire::Label& label) {
  const std::string note = wire::encode(label);
  append_size(buffer_, argument.size());
  append_size(buffer_, note.size());
  buffer_ += argument;
  buffer_ += note;
  ++count_;
  return buffer_.size() >= kBufferBytes ? flush() : Result<void>();
}

Result<bool> Spool::take(std::string& out, std::size_t size) {
  while (buffer_.size() - begin_ < size) {
    buffer_.erase(0, begin_);
    begin_ = 0;
    const std::size_t old = buffer_.size();
    buffer_.resize(old + kBufferBytes);
    const ssize_t got = read(file_.get(), buffer_.data() + old, kBufferBytes);
    buffer_.resize(old + static_cast<std::size_t>(got > 0 ? got : 0));
    if (got < 0) return trouble("read");
    if (got == 0) return false;
  }
  out.assign(buffer_, begin_, size);
  begin_ += size;
  return true;
}

Result<TaskSource> Spool::read_back(const std::shared_ptr<Spool>& spool) {
  if (auto flushed = spool->flush(); !flushed) return flushed.error();
  if (lseek(spool->file_.get(), 0, SEEK_SET) != 0) return trouble("read");
  return TaskSource([spool]() -> Result<std::optional<TaskInput>> {
    std::string sizes;
    auto there = spool->take(sizes, 2 * sizeof(std::uint32_t));
    if (!there) return there.error();
    if (!*there) return std::optional<TaskInput>();
    std::uint32_t size[2];
    std::memcpy(size, sizes.data(), sizeof size);
    TaskInput task;
    std::string note;
    if (auto got = spool->take(task.argument, size[0]); !got || !*got) return got ? trouble("read") : got.error();
    if (auto got = spool->take(note, size[1]); !got || !*got) return got ? trouble("read") : got.error();
    auto label = wire::decode_label(note);
    if (!label) return label.error();
    task.label = *std::move(label);
    return std::optional<TaskInput>(std::move(task));
  });
}

}  // namespace brigade::cli
