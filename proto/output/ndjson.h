// One result as one JSON object.
#pragma once

#include <string>

#include "proto/output/json_text.h"
#include "proto/output/row.h"

namespace brigade::output {

/// Appends rows of one job. A million and more per second: text is appended, nothing is built.
class ResultJson {
 public:
  explicit ResultJson(const JobView& view);
  /// The object, without a line's end.
  void append(std::string& out, const Row& row);
  /// The same of a factorial in three steps, whose value is too long for one: up to its first character, and what
  /// follows its last one.
  void begin_factorial(std::string& out, const Row& row, std::uint64_t digits);
  static void end_factorial(std::string& out) { out += "\"}}"; }

 private:
  void append_facts(std::string& out, const Row& row);
  void append_answer(std::string& out, const Row& row) const;

  const JobView& view_;
  std::string before_index_, before_status_;
  UtcText utc_;
};

/// The argument alone: {"n":5}; null where it is not known.
void append_arguments_json(std::string& out, const JobView& view, const Row& row);

}  // namespace brigade::output
