#include "client/output/writer.h"

#include "proto/wire/kinds.h"

namespace brigade::output {
namespace {

constexpr std::size_t kBufferBytes = std::size_t{1} << 20;

}  // namespace

std::optional<Format> parse_format(std::string_view name) {
  if (name == "table") return Format::table;
  if (name == "json") return Format::json;
  if (name == "ndjson") return Format::ndjson;
  if (name == "csv") return Format::csv;
  if (name == "quiet") return Format::quiet;
  return std::nullopt;
}

ResultWriter::ResultWriter(const JobView& view, Sink& sink, WriterOptions options)
    : view_(view),
      sink_(sink),
      options_(std::move(options)),
      json_(view),
      csv_(view),
      table_(view, options_.tasks, options_.width) {}

void ResultWriter::begin() {
  if (begun_) return;
  begun_ = true;
  if (options_.format == Format::json) buffer_ += "{\"results\":[\n";
  if (options_.format == Format::csv) csv_.append_header(buffer_);
}

Result<void> ResultWriter::save(Row& row, std::string& path) const {
  if (!options_.save_body || row.status != TaskStatus::ok || view_.shape != Shape::fetch) return {};
  const auto answer = wire::decode_fetch_answer(row.value);
  if (!answer || !answer->body) return {};
  auto saved = options_.save_body(row.index, *answer->body);
  if (!saved) return saved.error();
  path = *std::move(saved);
  row.path = path;
  return {};
}

Result<void> ResultWriter::flush_if_over(std::size_t bytes) {
  if (buffer_.size() <= bytes) return {};
  auto written = sink_.write(buffer_);
  buffer_.clear();
  if (buffer_.capacity() > 4 * kBufferBytes) buffer_.shrink_to_fit();
  return written;
}

Result<void> ResultWriter::append(const Row& row) {
  switch (options_.format) {
    case Format::quiet:
      return {};
    case Format::csv:
      csv_.append(buffer_, row);
      break;
    case Format::table:
      table_.add(buffer_, row);
      break;
    case Format::json:
      if (rows_ > 0) buffer_ += ",\n";
      json_.append(buffer_, row);
      break;
    case Format::ndjson:
      if (before_row) {
        if (auto done = before_row(row.index, buffer_); !done) return done;
      }
      json_.append(buffer_, row);
      buffer_ += '\n';
      break;
  }
  ++rows_;
  return flush_if_over(kBufferBytes);
}

Result<void> ResultWriter::add(const Results& page) {
  begin();
  RowReader reader(view_, page);
  std::string path;
  while (Row* row = reader.next()) {
    if (options_.skip_cancelled && is_cancellation(row->status)) continue;
    if (auto saved = save(*row, path); !saved) return saved;
    if (auto appended = append(*row); !appended) return appended;
  }
  table_.flush(buffer_);
  return flush_if_over(0);
}

Result<void> ResultWriter::finish(const std::string& job) {
  begin();
  if (options_.format == Format::json) {
    buffer_ += rows_ > 0 ? "\n],\n\"job\":" : "],\n\"job\":";
    buffer_ += job;
    buffer_ += "}\n";
  }
  return flush_if_over(0);
}

}  // namespace brigade::output
