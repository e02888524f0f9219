// brigade-broker export: jobs and results in the documented form, one JSON object a line.
#include "broker/store/export.h"

#include <fmt/format.h>

#include <cstdio>
#include <set>

#include "broker/admin/commands.h"
#include "proto/output/ndjson.h"
#include "proto/output/summary_json.h"

namespace brigade::broker {
namespace {

/// Which jobs were asked for, and who asked in vain.
class Choice {
 public:
  explicit Choice(const std::vector<std::string>& asked) : asked_(asked), vain_(asked.begin(), asked.end()) {}

  bool wants(const JobOpened& job) {
    bool wanted = asked_.empty();
    for (const std::string& text : asked_) {
      constexpr std::size_t kPrefixMin = 4;  // as in the client
      const bool by_id = text.size() >= kPrefixMin && to_string(job.job).starts_with(text);
      if (!by_id && text != job.spec.name && text != job.spec.key) continue;
      wanted = true;
      vain_.erase(text);
    }
    return wanted;
  }
  const std::set<std::string>& vain() const { return vain_; }

 private:
  std::vector<std::string> asked_;
  std::set<std::string> vain_;
};

/// stdout, in large pieces.
class Lines {
 public:
  void add(const std::string& line) {
    text_ += line;
    text_ += '\n';
    if (text_.size() >= kPiece) flush();
  }
  /// Whether everything went out.
  bool end() {
    flush();
    return std::fflush(stdout) == 0 && written_;
  }

 private:
  void flush() {
    written_ = written_ && std::fwrite(text_.data(), 1, text_.size(), stdout) == text_.size();
    text_.clear();
  }
  static constexpr std::size_t kPiece = std::size_t{1} << 20;
  std::string text_;
  bool written_ = true;
};

void print_rows(const ExportedResults& part, const output::JobView& view, Lines& lines) {
  output::ResultJson json(view);
  output::RowReader rows(view, part.rows);
  std::string line;
  while (output::Row* row = rows.next()) {
    row->has_argument = part.has_arguments;
    line.clear();
    json.append(line, *row);
    lines.add(line);
  }
}

}  // namespace

int carry_out(const ExportOrder& order) {
  Choice choice(order.jobs);
  Lines lines;
  output::JobView view;
  ExportSink sink{.wants = [&](const JobOpened& job) { return choice.wants(job); },
                  .job =
                      [&](const JobOpened& job, const JobSummary& summary) {
                        view = output::view_of(job.job, job.spec);
                        lines.add(output::summary_json(summary));
                      },
                  .results = {},
                  .damage = [](const Damage& damage) { fmt::print(stderr, "left out: {}\n", describe(damage)); },
                  .note = [](const std::string& note) { fmt::print(stderr, "note: {}\n", note); }};
  if (order.results) sink.results = [&](const ExportedResults& part) { print_rows(part, view, lines); };
  const auto damages = export_store(order.state, sink);
  if (!damages) return fail(damages.error());
  if (!lines.end()) return fail({ErrorCode::unavailable, "the output cannot be written to the end"});
  for (const std::string& text : choice.vain())
    fmt::print(stderr, "brigade-broker: {} has no job '{}'; `brigade-broker check {}` lists what there is\n",
               order.state.string(), text, order.state.string());
  if (!choice.vain().empty()) return kExitUnusable;
  return *damages == 0 ? kExitWhole : kExitDamaged;
}

}  // namespace brigade::broker
