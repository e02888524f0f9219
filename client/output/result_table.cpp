#include "client/output/result_table.h"

#include <fmt/format.h>

#include "proto/base/text.h"
#include "proto/output/json_text.h"

namespace brigade::output {
namespace {

std::string ms_text(double ms) {
  std::string out;
  append_ms(out, ms, ms < 10 ? 3 : ms < 1000 ? 1 : 0);
  return out;
}

std::string factorial_text(const wire::FactorialAnswer& answer, wire::FactorialForm form) {
  switch (form) {
    case wire::FactorialForm::decimal:
      return answer.value.size() <= 40 ? answer.value : shortened(answer.value);
    case wire::FactorialForm::hex:
      return shortened(answer.value, "hexadecimal digits");
    case wire::FactorialForm::binary:
      return fmt::format("{} bytes ({} digits)", answer.value.size(), answer.digits);
    case wire::FactorialForm::digits:
      return fmt::format("{} digits", answer.digits);
    case wire::FactorialForm::digest:
      return fmt::format("{} ({} digits)", answer.value, answer.digits);
  }
  return {};
}

std::string fetch_text(const wire::FetchAnswer& answer, bool show_body) {
  std::string text = fmt::format("{}  {}", answer.http_status, base::format_size(answer.bytes));
  if (!answer.content_type.empty()) text += "  " + answer.content_type;
  if (answer.cached) text += "  cached";
  if (answer.redirects > 0) text += "  -> " + answer.url;
  if (show_body && answer.body) text += "  " + answer.body->substr(0, 200);
  return text;
}

std::vector<TableColumn> columns_of(const JobView& view, std::uint64_t tasks) {
  const std::size_t index_width = std::to_string(tasks == 0 ? 0 : tasks - 1).size();
  const bool text = view.shape == Shape::fetch || view.shape == Shape::echo || view.shape == Shape::other;
  const char* title = view.shape == Shape::fetch ? "URL" : text ? "TEXT" : has_numeric_argument(view.shape) ? "N" : "";
  const bool lasts = view.shape == Shape::sleep || view.shape == Shape::spin;
  return {{.title = "TASK", .right = true, .least = index_width, .importance = 6},
          {.title = lasts ? "DURATION" : title, .right = !text, .elastic = text, .least = index_width, .importance = 8},
          {.title = "STATUS", .least = 9, .importance = 7},
          {.title = "RESULT", .elastic = true, .importance = 9},
          {.title = "RUN MS", .right = true, .least = 7, .importance = 4},
          {.title = "TRIES", .right = true, .importance = 2},
          {.title = "WORKER", .importance = 1}};
}

}  // namespace

std::string shortened(std::string_view digits, std::string_view unit) {
  if (digits.size() <= 24) return std::string(digits);
  return fmt::format("{}…{} ({} {})", digits.substr(0, 12), digits.substr(digits.size() - 3), digits.size(), unit);
}

std::string argument_text(const JobView& view, const Row& row) {
  if (view.shape == Shape::sleep || view.shape == Shape::spin) {
    return base::format_duration(Duration(static_cast<std::int64_t>(row.number)));
  }
  if (has_numeric_argument(view.shape)) return std::to_string(row.number);
  const std::string_view text = row.request != nullptr ? std::string_view(row.request->url) : row.argument;
  return std::string(text.substr(0, 4096));
}

std::string answer_text(const JobView& view, const Row& row) {
  if (row.status != TaskStatus::ok) return fmt::format("{}: {}", name_of(row.status), message_of(row));
  switch (view.shape) {
    case Shape::factorial: {
      const auto answer = wire::decode_factorial_answer(row.value);
      return answer ? factorial_text(*answer, view.form) : "?";
    }
    case Shape::fetch: {
      const auto answer = wire::decode_fetch_answer(row.value);
      if (!answer) return "?";
      return row.path.empty() ? fetch_text(*answer, view.show_body)
                              : fetch_text(*answer, view.show_body) + "  " + std::string(row.path);
    }
    case Shape::noop: {
      const auto number = wire::decode_number(row.value);
      return number ? std::to_string(*number) : "?";
    }
    case Shape::sleep:
    case Shape::spin:
      return "";
    case Shape::echo:
      return std::string(row.value.substr(0, 4096));
    case Shape::other:
      return fmt::format("{} bytes", row.value.size());
  }
  return {};
}

ResultTable::ResultTable(const JobView& view, std::uint64_t tasks, std::size_t width)
    : view_(view), table_(columns_of(view, tasks), width) {}

TextTable::Cells ResultTable::cells_of(const Row& row) const {
  return {std::to_string(row.index), argument_text(view_, row), std::string(word_of(row.status)),
          answer_text(view_, row),   ms_text(row.run_ms),       std::to_string(row.attempts),
          std::string(row.worker)};
}

void ResultTable::add(std::string& out, const Row& row) {
  constexpr std::size_t kLookAt = 1000;
  if (begun_) return table_.append(out, cells_of(row));
  first_.push_back(cells_of(row));
  if (first_.size() == kLookAt) flush(out);
}

void ResultTable::flush(std::string& out) {
  if (begun_ || first_.empty()) return;
  table_.begin(out, first_);
  begun_ = true;
  for (const auto& cells : first_) table_.append(out, cells);
  first_ = {};
}

}  // namespace brigade::output
