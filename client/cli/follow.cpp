#include "client/cli/follow.h"

namespace brigade::cli {

Result<void> Follower::once(FollowOptions& options) {
  const auto on_progress = [this](const JobSummary& job) {
    last_seen_ = job;
    progress_.update(job, base::monotonic_now());
  };
  if (options.writer == nullptr && !options.observe) {
    auto job = session_.wait(options.job, options.limit, on_progress);
    if (!job) return job.error();
    last_seen_ = *std::move(job);
    return {};
  }
  const auto on_results = [this, &options](const Results& page) -> Result<void> {
    if (options.observe) options.observe(page);
    if (options.writer == nullptr) {
      cursor_ = page.next;
      return {};
    }
    if (page.outcomes.count() > 0) progress_.make_room();
    auto written = options.writer->add(page);
    if (!written) output_error_ = written.error();
    if (written && !sink_.has_rest()) cursor_ = page.next;
    return written;
  };
  options.read.parts = true;
  auto end = session_.read(options.job, options.read, on_results, on_progress);
  options.read.from = session_.cursor();
  options.read.offset = session_.offset();
  if (!sink_.has_rest()) cursor_ = options.read.from;
  if (!end) return end.error();
  return {};
}

FollowOutcome Follower::follow(FollowOptions& options) {
  const Instant begun = base::monotonic_now();
  const Duration limit = options.limit;
  cursor_ = options.read.from;
  for (;;) {
    output_error_.reset();
    auto followed = once(options);
    if (followed) return {.how = Followed::ended};
    if (sink_.closed()) return {.how = Followed::closed_pipe};
    if (output_error_) return {.how = Followed::output, .error = *output_error_};
    const Duration passed = base::monotonic_now() - begun;
    if (followed.error().code != ErrorCode::cancelled) {
      const bool over = limit.count() > 0 && passed >= limit;
      if (over && show_job(session_, to_string(options.job))) return {.how = Followed::timed_out};
      // A dead private broker is a better reason than its silence.
      if (auto tended = interrupts_.tend(); !tended) return {.how = Followed::failed, .error = tended.error()};
      return {.how = Followed::failed, .error = followed.error()};
    }
    if (auto signal = interrupts_.signal()) return {.how = Followed::interrupted, .signal = signal};
    if (auto tended = interrupts_.tend(); !tended) return {.how = Followed::failed, .error = tended.error()};
    if (limit.count() > 0) options.limit = passed < limit ? limit - passed : Duration(1);
  }
}

}  // namespace brigade::cli
