// The line on stderr that shows how a job is getting on.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include "client/output/terminal.h"
#include "proto/model/job.h"

namespace brigade::output {

enum class ProgressStyle { none, plain, bar };

/// What `--progress auto|plain|none` means on this terminal; nullopt for another word.
/// auto: a bar on a capable terminal, plain lines on a dumb one or under CI, nothing where stderr is no terminal.
std::optional<ProgressStyle> progress_style(std::string_view wish, const Terminal& terminal);

struct ProgressFacts {
  std::uint64_t done = 0, total = 0, failed = 0;
  double per_second = 0;
};

/// One line of at most `width` columns, without a line's end. What fits is shown: first done/total, then the rate,
/// failures, time left, a bar.
std::string progress_line(const ProgressFacts& facts, std::size_t width, bool color);
/// "12,000/100,000 tasks, 3 failed, 4,000/s, 22 s left"
std::string plain_line(const ProgressFacts& facts);

/// Draws on stderr, at most ten times a second (plain: every 5 s).
class Progress {
 public:
  Progress(ProgressStyle style, const Terminal& terminal) : style_(style), terminal_(terminal) {}
  ~Progress() { hide(); }
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;

  void update(const JobSummary& job, Instant now);
  /// Takes the line away: something else is about to be printed.
  void hide();
  /// The same, needed only where standard output is on the same terminal.
  void make_room() {
    if (terminal_.shared) hide();
  }

 private:
  double rate_of(std::uint64_t done, Instant now);

  ProgressStyle style_;
  Terminal terminal_;
  bool shown_ = false;
  std::optional<Instant> drawn_at_;
  std::optional<Instant> measured_at_;
  std::uint64_t measured_done_ = 0;
  double rate_ = 0;
};

/// Writes to stderr, whatever becomes of it.
void write_error_stream(std::string_view text);

}  // namespace brigade::output
