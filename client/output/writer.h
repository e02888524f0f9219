// Results in the format that was asked for, page by page.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "client/output/csv.h"
#include "client/output/long_value.h"
#include "client/output/result_table.h"
#include "client/output/sink.h"
#include "client/part_joiner.h"
#include "proto/model/messages.h"
#include "proto/output/ndjson.h"

namespace brigade::output {

enum class Format { table, json, ndjson, csv, quiet };
std::optional<Format> parse_format(std::string_view name);

/// Saves a fetched body and says where; an error ends the output.
using SaveBody = std::function<Result<std::string>(std::uint64_t index, std::string_view body)>;

struct WriterOptions {
  Format format = Format::ndjson;
  std::uint64_t tasks = 0;      ///< of the job
  std::size_t width = 0;        ///< of the terminal, for tables; 0: no bound
  SaveBody save_body;           ///< where bodies go to files
  bool skip_cancelled = false;  ///< rows of tasks that never ran are not worth a line
};

/// REQUIRES: the view and the sink outlive it.
class ResultWriter {
 public:
  ResultWriter(const JobView& view, Sink& sink, WriterOptions options);

  /// Writes a page at once, so that a reader of a pipe sees what is there.
  /// A part of a value is written as it comes where the format allows (not in a table); `page`s come in order.
  Result<void> add(const Results& page);
  /// Whatever ends the document. `job`: the summary's JSON text.
  Result<void> finish(const std::string& job);

  void skip_cancelled() { options_.skip_cancelled = true; }
  std::uint64_t rows() const { return rows_; }
  /// Called before each row of NDJSON with its number; may put other lines before it.
  std::function<Result<void>(std::uint64_t index, std::string& out)> before_row;

 private:
  void begin();
  Result<void> add_rows(const Results& page);
  Result<void> add_part(const Results& page);
  /// Begins a row whose value comes in parts, where that can be written in parts.
  Result<void> begin_long(const Results& page);
  void end_long();
  Result<void> before(const Row& row);
  Result<void> append(const Row& row);
  Result<void> save(Row& row, std::string& path) const;
  Result<void> flush_if_over(std::size_t bytes);

  const JobView& view_;
  Sink& sink_;
  WriterOptions options_;
  ResultJson json_;
  ResultCsv csv_;
  ResultTable table_;
  std::string buffer_;
  std::optional<LongText> long_;  ///< the value that is being written in parts
  client::PartJoiner joiner_;     ///< for one that cannot be
  bool begun_ = false;
  std::uint64_t rows_ = 0;
};

}  // namespace brigade::output
