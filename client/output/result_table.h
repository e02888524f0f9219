// Results as a table for people.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "client/output/text_table.h"
#include "proto/output/row.h"

namespace brigade::output {

/// "282422940796…000 (456574 digits)"; short values as they are.
std::string shortened(std::string_view digits, std::string_view unit = "digits");

/// The answer of a task in one line; a failure as "code: message".
std::string answer_text(const JobView& view, const Row& row);
std::string argument_text(const JobView& view, const Row& row);

/// The columns' widths come from the first page, so that any number of rows can stream through.
class ResultTable {
 public:
  /// `tasks`: how many there may be at most; `width`: of the terminal.
  ResultTable(const JobView& view, std::uint64_t tasks, std::size_t width);
  /// Adds a row; rows wait for flush() until the widths are known.
  void add(std::string& out, const Row& row);
  /// The end of a page: what waits is laid out now.
  void flush(std::string& out);

 private:
  TextTable::Cells cells_of(const Row& row) const;

  const JobView& view_;
  TextTable table_;
  std::vector<TextTable::Cells> first_;
  bool begun_ = false;
};

}  // namespace brigade::output
