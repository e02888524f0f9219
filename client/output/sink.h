// Where output goes: standard output, or a file that appears whole or not at all.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>

#include "proto/base/os.h"
#include "proto/model/result.h"

namespace brigade::output {

/// Bytes to a file descriptor. A slow reader blocks write(), but never beyond the interrupt.
class Sink {
 public:
  /// Standard output. `interrupt_fd`: write() gives up with ErrorCode::cancelled when it becomes readable; -1: never.
  static Sink standard_output(int interrupt_fd);

  /// A file: written as FILE.part beside it, and renamed by commit(). An error where that cannot work: the folder is
  /// not there or not writable, FILE is a symbolic link or not a regular file, or another program writes FILE.part.
  static Result<Sink> file(const std::filesystem::path& path, int interrupt_fd);

  Sink(Sink&&) noexcept = default;
  Sink& operator=(Sink&&) noexcept = default;

  /// Writes everything, or fails with one line that names the file and the next step. ErrorCode::invalid: the file or
  /// the disk refused; ErrorCode::cancelled: the reader of a pipe has gone (then closed() is true). Where a slow reader
  /// blocks it and the interrupt comes, the rest is kept for the next write, and that is no error.
  Result<void> write(std::string_view bytes);
  /// Whether an interrupted write has left something behind.
  bool has_rest() const { return !rest_.empty(); }

  /// A file is synced and takes its name; standard output needs nothing.
  Result<void> commit();
  /// The partial file is removed. Without it (and without commit) it stays as FILE.part.
  void discard();

  bool closed() const { return closed_; }
  bool is_file() const { return !path_.empty(); }
  /// Where the unfinished output lies; empty for standard output.
  std::filesystem::path partial_path() const;
  void set_interrupt_fd(int fd) { interrupt_fd_ = fd; }

 private:
  Sink() = default;
  enum class Room { yes, interrupted };
  Result<Room> wait_for_room() const;
  Result<void> write_now(std::string_view bytes);
  std::string name() const;

  base::Fd owned_;
  int fd_ = -1;
  int interrupt_fd_ = -1;
  bool closed_ = false;
  std::string rest_;
  std::filesystem::path path_;
  base::Fd folder_;
};

/// "No space left on device: free some, …": what the error number means and what to do about it.
std::string describe_write_error(int error);

}  // namespace brigade::output
