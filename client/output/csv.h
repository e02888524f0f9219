// Results as comma-separated values (RFC 4180): the fields of the JSON object, flattened with dots.
#pragma once

#include <string>
#include <string_view>

#include "proto/output/json_text.h"
#include "proto/output/row.h"

namespace brigade::output {

/// `text` as one cell: in quotation marks where it has a comma, a quotation mark or a line's end.
void append_csv_cell(std::string& out, std::string_view text);

/// The columns depend on the kind alone, so that files of several jobs can be put together.
class ResultCsv {
 public:
  explicit ResultCsv(const JobView& view) : view_(view) {}
  void append_header(std::string& out) const;
  void append(std::string& out, const Row& row);
  /// As those of ResultJson.
  void begin_factorial(std::string& out, const Row& row, std::uint64_t digits);
  void end_factorial(std::string& out) const;

 private:
  void append_facts(std::string& out, const Row& row);
  void append_answer(std::string& out, const Row& row) const;

  const JobView& view_;
  UtcText utc_;
};

}  // namespace brigade::output
