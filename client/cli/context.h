// What every command has at hand: the global options, the terminal, the signals, and how to say something.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "client/cli/exit_code.h"
#include "client/output/progress.h"
#include "client/output/terminal.h"
#include "client/output/writer.h"
#include "client/session.h"
#include "proto/base/os.h"
#include "proto/model/result.h"

namespace brigade::cli {

/// Options that may be given before or after any command.
struct Globals {
  std::string broker;
  std::optional<Duration> connect_timeout;
  std::string output;  ///< empty: as the terminal suggests
  std::string progress = "auto";
  bool no_color = false;
};

class Context {
 public:
  /// Blocks the signals that interrupt: before any thread is started.
  Context();

  Globals globals;
  const output::Terminal& terminal() const { return terminal_; }
  base::SignalFd& signals() { return signals_; }

  Duration connect_timeout() const { return globals.connect_timeout.value_or(std::chrono::seconds(5)); }
  /// What -o says, else a table on a terminal and NDJSON elsewhere.
  output::Format format() const;
  output::ProgressStyle progress() const;
  /// Of the terminal that tables are printed on; 0 where standard output is none.
  std::size_t table_width() const;

  /// "brigade: …" on stderr, and the exit code that belongs to the error.
  ExitCode fail(const Error& error) const;
  ExitCode fail(ExitCode code, std::string_view message) const;
  void warn(std::string_view message) const;
  /// A line for people on stderr.
  void note(std::string_view message) const;
  /// The figures at the end of `run` and `wait`, on stderr.
  void report(const JobSummary& job, Duration elapsed) const;

  /// Writes `text` to standard output; the exit code when that is all.
  ExitCode print(std::string_view text) const;

 private:
  output::Terminal terminal_;
  base::SignalFd signals_;
};

/// The endpoint of --broker, BRIGADE_BROKER, the configuration, or the access file of `brigade up`, in this order;
/// nullopt where none says anything.
Result<std::optional<std::string>> find_broker(const Context& context);

/// A session with the broker that find_broker() names.
Result<std::unique_ptr<client::Session>> connect(Context& context);
/// With a given endpoint.
Result<std::unique_ptr<client::Session>> connect_to(const Context& context, const std::string& endpoint,
                                                    int interrupt_fd);

/// One question; an answer or the reason.
Result<JobSummary> show_job(client::Session& session, const std::string& job);

/// When a command was interrupted: the message, and 130.
ExitCode interrupted(const Context& context, std::string_view message);

}  // namespace brigade::cli
