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

Result<void> ResultWriter::before(const Row& row) {
  if (options_.format == Format::json && rows_ > 0) buffer_ += ",\n";
  if (options_.format == Format::ndjson && before_row) return before_row(row.index, buffer_);
  return {};
}

Result<void> ResultWriter::append(const Row& row) {
  if (auto done = before(row); !done) return done;
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
      json_.append(buffer_, row);
      break;
    case Format::ndjson:
      json_.append(buffer_, row);
      buffer_ += '\n';
      break;
  }
  ++rows_;
  return flush_if_over(kBufferBytes);
}

Result<void> ResultWriter::add(const Results& page) {
  begin();
  return page.whole_bytes > 0 ? add_part(page) : add_rows(page);
}

Result<void> ResultWriter::add_part(const Results& page) {
  if (options_.format == Format::quiet) return {};
  if (page.offset > 0 && long_) {
    long_->append(buffer_, page.outcomes.values.blob.view());
  } else if (page.offset == 0) {
    if (auto begun = begin_long(page); !begun) return begun;
  }
  if (!long_) {
    const std::optional<Results> whole = joiner_.add(page);
    return whole ? add_rows(*whole) : Result<void>();
  }
  if (offset_after(page) == 0) end_long();
  return flush_if_over(0);
}

Result<void> ResultWriter::begin_long(const Results& page) {
  long_.reset();
  RowReader reader(view_, page);
  const Row& row = *reader.next();
  if (view_.shape != Shape::factorial || row.status != TaskStatus::ok || options_.format == Format::table) return {};
  const auto beginning = wire::decode_factorial_beginning(row.value, page.whole_bytes);
  if (!beginning) return {};
  if (auto done = before(row); !done) return done;
  if (options_.format == Format::csv)
    csv_.begin_factorial(buffer_, row, beginning->digits);
  else
    json_.begin_factorial(buffer_, row, beginning->digits);
  long_.emplace(view_.form);
  long_->append(buffer_, row.value.substr(beginning->value_at));
  return {};
}

void ResultWriter::end_long() {
  long_->finish(buffer_);
  long_.reset();
  if (options_.format == Format::csv)
    csv_.end_factorial(buffer_);
  else
    json_.end_factorial(buffer_);
  if (options_.format == Format::ndjson) buffer_ += '\n';
  ++rows_;
}

Result<void> ResultWriter::add_rows(const Results& page) {
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
