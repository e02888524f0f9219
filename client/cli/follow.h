// Following a job: its results into a writer or only its progress, through whatever interrupts.
#pragma once

#include <functional>
#include <optional>
#include <string>

#include "client/cli/context.h"
#include "client/cli/interrupts.h"
#include "client/output/progress.h"
#include "client/output/writer.h"
#include "client/session.h"

namespace brigade::cli {

struct FollowOptions {
  JobId job;
  client::ReadOptions read;
  output::ResultWriter* writer = nullptr;  ///< null: nothing is read, the job is only waited for
  Duration limit{};                        ///< of waiting; 0: none
  /// Sees every page before the writer; with it the results are read even where nothing writes them.
  std::function<void(const Results&)> observe{};
};

/// How following came to an end.
enum class Followed {
  ended,        ///< all there is was read, or the job is final
  interrupted,  ///< by a signal; see Outcome::signal
  closed_pipe,  ///< the reader of standard output went away
  output,       ///< the output cannot be written; see Outcome::error
  timed_out,    ///< the limit is over, and the broker answers
  failed        ///< the broker or the private cluster; see Outcome::error
};

struct FollowOutcome {
  Followed how = Followed::ended;
  std::optional<int> signal{};
  Error error{};
};

class Follower {
 public:
  Follower(client::Session& session, Interrupts& interrupts, output::Sink& sink, output::Progress& progress)
      : session_(session), interrupts_(interrupts), sink_(sink), progress_(progress) {}

  /// May be called again after an interruption; it goes on where it was.
  FollowOutcome follow(FollowOptions& options);
  /// The cursor after what was written whole.
  std::uint64_t cursor() const { return cursor_; }
  /// As the broker last told it.
  const std::optional<JobSummary>& last_seen() const { return last_seen_; }

 private:
  Result<void> once(FollowOptions& options);

  client::Session& session_;
  Interrupts& interrupts_;
  output::Sink& sink_;
  output::Progress& progress_;
  std::optional<JobSummary> last_seen_;
  std::optional<Error> output_error_;
  std::uint64_t cursor_ = 0;
};

}  // namespace brigade::cli
