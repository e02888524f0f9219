// One finished task as it is printed: what the columns of a page of results say about it.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "proto/model/messages.h"
#include "proto/wire/kinds.h"

namespace brigade::output {

/// How a kind's arguments and answers are written. Unknown kinds are shown as bytes.
enum class Shape { factorial, fetch, noop, sleep, spin, echo, other };
Shape shape_of(std::string_view kind);
/// Whether the argument of a task is a number of 8 bytes.
bool has_numeric_argument(Shape shape);

/// What all rows of a job have in common.
struct JobView {
  std::string id;  ///< as text
  std::string kind;
  Shape shape = Shape::other;
  wire::FactorialForm form = wire::FactorialForm::decimal;
  std::optional<Arithmetic> range;
  bool show_body = true;  ///< false: bodies go to files instead
};
/// `spec` is what was submitted.
JobView view_of(JobId id, const JobSpec& spec);

/// Views into the page that it was read from.
struct Row {
  std::uint64_t task = 0;   ///< its number in this job
  std::uint64_t index = 0;  ///< its number as printed: that of the original job in a retry
  TaskStatus status = TaskStatus::ok;
  std::uint32_t attempts = 0;
  std::string_view worker;
  double queued_ms = 0;  ///< from acceptance to its start
  double run_ms = 0;
  UtcMs finished_at{};  ///< 0: it never ran
  std::uint64_t line = 0;
  std::string_view tag;
  bool has_argument = true;                     ///< else it is not known; set by who could not read it
  std::uint64_t number = 0;                     ///< numeric argument
  std::string_view argument;                    ///< the argument's bytes; empty for a range
  const wire::FetchRequest* request = nullptr;  ///< of a fetch: what the argument says
  std::string_view value;                       ///< answer, or message of a failure
  std::string_view path;                        ///< where the body was saved; set by the writer
};

/// "ok", "failed" or "cancelled".
std::string_view word_of(TaskStatus status);

/// Why a task that is not ok is not: what the worker said, or for a task that the broker ended a sentence about that.
std::string_view message_of(const Row& row);

/// Walks the rows of one page. REQUIRES: `page` and `view` outlive it.
class RowReader {
 public:
  RowReader(const JobView& view, const Results& page);
  /// The next row, or nullptr at the end. Valid until the next call; the caller may change it.
  Row* next();

 private:
  void read_label();
  void read_argument();
  void read_request();

  const JobView& view_;
  const Results& page_;
  ValuesReader values_, arguments_, labels_;
  bool has_arguments_, has_labels_;
  std::size_t run_ = 0;
  std::uint64_t in_run_ = 0;
  std::size_t position_ = 0;
  wire::Label label_;
  wire::FetchRequest request_;
  Row row_;
};

}  // namespace brigade::output
