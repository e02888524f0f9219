#include "client/output/progress.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <vector>

#include "proto/base/text.h"

namespace brigade::output {
namespace {

using std::chrono::milliseconds;

std::string time_left(const ProgressFacts& facts) {
  if (facts.per_second <= 0 || facts.done >= facts.total) return {};
  const double seconds = static_cast<double>(facts.total - facts.done) / facts.per_second;
  if (seconds > 999.0 * 24 * 3600) return {};
  const auto s = static_cast<std::uint64_t>(seconds + 0.5);
  if (s >= 48 * 3600) return fmt::format("{} d", s / 86400);
  if (s >= 3600) return fmt::format("{}:{:02}:{:02}", s / 3600, s / 60 % 60, s % 60);
  return fmt::format("{}:{:02}", s / 60, s % 60);
}

std::string rate_text(double per_second) {
  if (per_second >= 1e6) return fmt::format("{:.1f}M/s", per_second / 1e6);
  if (per_second >= 1e4) return fmt::format("{:.0f}k/s", per_second / 1e3);
  return per_second >= 10 ? fmt::format("{:.0f}/s", per_second) : fmt::format("{:.1f}/s", per_second);
}

std::string bar(double share, std::size_t cells) {
  const auto full = static_cast<std::size_t>(share * static_cast<double>(cells) + 0.5);
  std::string text;
  for (std::size_t i = 0; i < cells; ++i) text += i < full ? "━" : "─";
  return text;
}

}  // namespace

std::optional<ProgressStyle> progress_style(std::string_view wish, const Terminal& terminal) {
  if (wish == "none") return ProgressStyle::none;
  if (wish == "plain") return ProgressStyle::plain;
  if (wish != "auto") return std::nullopt;
  if (!terminal.err_is_terminal) return ProgressStyle::none;
  return terminal.dumb || terminal.ci ? ProgressStyle::plain : ProgressStyle::bar;
}

std::string plain_line(const ProgressFacts& facts) {
  std::string text = fmt::format("{}/{} tasks", base::format_count(facts.done), base::format_count(facts.total));
  if (facts.failed > 0) text += fmt::format(", {} failed", base::format_count(facts.failed));
  if (facts.per_second > 0) text += ", " + rate_text(facts.per_second);
  if (const std::string left = time_left(facts); !left.empty()) text += ", " + left + " left";
  return text;
}

std::string progress_line(const ProgressFacts& facts, std::size_t width, bool color) {
  const double share = facts.total > 0 ? static_cast<double>(facts.done) / static_cast<double>(facts.total) : 0;
  std::string counts = fmt::format("{}/{}", base::format_count(facts.done), base::format_count(facts.total));
  if (display_width(counts) > width) counts = fmt::format("{:.0f}%", share * 100);
  std::vector<std::string> parts{counts};
  std::size_t used = display_width(counts);
  std::size_t failed_part = 0;
  const auto add = [&](const std::string& part) {
    if (part.empty() || used + 2 + display_width(part) > width) return false;
    used += 2 + display_width(part);
    parts.push_back(part);
    return true;
  };
  if (facts.failed > 0 && add(base::format_count(facts.failed) + " failed")) failed_part = parts.size() - 1;
  if (facts.per_second > 0) add(rate_text(facts.per_second));
  if (const std::string left = time_left(facts); !left.empty()) add("ETA " + left);
  std::string line;
  for (std::size_t i = 0; i < parts.size(); ++i) {
    const bool red = color && failed_part > 0 && i == failed_part;
    line += (i > 0 ? "  " : "") + (red ? "\x1b[31m" + parts[i] + "\x1b[0m" : parts[i]);
  }
  constexpr std::size_t kBarLeast = 8;
  constexpr std::size_t kBarMost = 30;
  if (used + 2 + kBarLeast > width) return line;
  const std::string cells = bar(share, std::min(kBarMost, width - used - 2));
  return (color ? "\x1b[32m" + cells + "\x1b[0m" : cells) + "  " + line;
}

double Progress::rate_of(std::uint64_t done, Instant now) {
  if (!measured_at_) {
    measured_at_ = now;
    measured_done_ = done;
    return 0;
  }
  const auto passed = now - *measured_at_;
  if (passed < milliseconds(500) && rate_ > 0) return rate_;
  if (passed.count() <= 0) return rate_;
  const double latest =
      static_cast<double>(done - std::min(done, measured_done_)) * 1e9 / static_cast<double>(passed.count());
  rate_ = rate_ > 0 ? 0.7 * rate_ + 0.3 * latest : latest;
  if (passed >= milliseconds(500)) {
    measured_at_ = now;
    measured_done_ = done;
  }
  return rate_;
}

void Progress::update(const JobSummary& job, Instant now) {
  if (style_ == ProgressStyle::none) return;
  const auto pause = style_ == ProgressStyle::plain ? milliseconds(5000) : milliseconds(100);
  if (drawn_at_ && now - *drawn_at_ < pause) return;
  const ProgressFacts facts{
      .done = job.finished(), .total = job.tasks, .failed = job.failed, .per_second = rate_of(job.finished(), now)};
  const bool first = !drawn_at_;
  drawn_at_ = now;
  if (style_ == ProgressStyle::plain) {
    if (!first) write_error_stream(plain_line(facts) + "\n");
    return;
  }
  // One column is left free: a full line would make some terminals wrap.
  const std::size_t width = terminal_width(STDERR_FILENO) - 1;
  write_error_stream("\r\x1b[K" + progress_line(facts, width, terminal_.color));
  shown_ = true;
}

void Progress::hide() {
  if (!shown_) return;
  write_error_stream("\r\x1b[K");
  shown_ = false;
}

void write_error_stream(std::string_view text) {
  while (!text.empty()) {
    const ssize_t written = write(STDERR_FILENO, text.data(), text.size());
    if (written <= 0) return;
    text.remove_prefix(static_cast<std::size_t>(written));
  }
}

}  // namespace brigade::output
